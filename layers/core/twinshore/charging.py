"""What can be charged: whole steps of a currency, which may be more than its minor unit.

ISO 4217 gives the rupiah two decimals, yet nobody pays a sen, and a processor that is sent one may refuse it. Where we
make an amount of another (a rate lock, a part of a plan) we make whole steps, which every provider of ours takes. It is
not the rounding of cash: a card in Zurich pays 12.34.
"""

from __future__ import annotations

from twinshore.money import digits_of

# Decimals in use, currencies, source (read 2026-11-23). A test holds the first row to CLDR, and all of them to the
# tables of our providers.
_ROWS = (
    (0, "AFN ALL IQD IRR KPW LAK LBP MGA MMK RSD SOS SYP YER", "CLDR, supplemental data: no decimals"),
    (0, "CVE IDR", "Adyen, currency codes: no decimals; the rupiah has none in CLDR's cash digits either"),
    (0, "HUF TWD", "PayPal, currency codes: no decimals; none in CLDR's cash digits either"),
    (0, "COP", "Mercado Pago, amounts in Colombia: no decimals; none in CLDR's cash digits either"),
    (2, "BHD JOD KWD LYD OMR TND", "Stripe, Checkout.com: of three decimals the last is 0"),
)
_DECIMALS = {currency: decimals for decimals, currencies, _ in _ROWS for currency in currencies.split()}


def step_minor(currency: str) -> int:
    """Minor units of the smallest amount that is charged: EUR 1, IDR 100, KWD 10. Raises UnknownCurrency."""
    digits = digits_of(currency)
    return int(10 ** (digits - _DECIMALS.get(currency, digits)))
