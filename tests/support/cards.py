"""Test card numbers that providers publish: nobody's, and each like a real one of its scheme.

Sources: the test card pages of Stripe, Adyen, Checkout.com, PayPal, Mercado Pago (Brazil), Moyasar and MyFatoorah
(mada), as they stood in November 2026.
"""

from __future__ import annotations

CARDS = (
    ("Visa", "4242424242424242"),
    ("Visa", "4111111111111111"),
    ("Visa", "4000056655665556"),
    ("Visa", "4222222222222"),
    ("Visa", "4012888888881881"),
    ("Visa", "4235647728025682"),
    ("Visa", "4485040371536584"),
    ("Mastercard", "5555555555554444"),
    ("Mastercard", "5105105105105100"),
    ("Mastercard", "5200828282828210"),
    ("Mastercard", "2223003122003222"),
    ("Mastercard", "2223000048400011"),
    ("Mastercard", "5436031030606378"),
    ("Mastercard", "5031433215406351"),
    ("American Express", "378282246310005"),
    ("American Express", "371449635398431"),
    ("American Express", "345678901234564"),
    ("American Express", "375365153556885"),
    ("Discover", "6011111111111117"),
    ("Discover", "6011000990139424"),
    ("Discover", "6011981111111113"),
    ("Discover", "6555900000604105"),
    ("UnionPay", "6200000000000005"),
    ("UnionPay", "6200000000000047"),
    ("UnionPay", "6205500000000000004"),
    ("UnionPay", "6243030000000001"),
    ("JCB", "3566002020360505"),
    ("JCB", "3530111333300000"),
    ("Diners Club", "36227206271667"),
    ("Diners Club", "3056930009020004"),
    ("Diners Club", "30569309025904"),
    ("Diners Club", "38520000023237"),
    ("mada", "4201320111111010"),
    ("mada", "4464040000000007"),
    ("mada", "5297412542005689"),
    ("Elo", "5067766783888311"),
    ("Elo", "5066991111111118"),
    ("Hipercard", "6062828888666688"),
    ("Maestro", "6771798021000008"),
    ("Maestro", "6304000000000000"),
)


def numbers() -> list[str]:
    return [number for _, number in CARDS]
