"""The 24-hour lock: a promise to take `amount_to` for a price of `amount_from`, whatever the market does meanwhile.

The promise is a signed token that the member carries; nothing is stored until it is used. It holds for one member of
one cell, one amount, once: the order that uses it commits `used_change(quote)` together with its own items, so that
of two orders one conflicts. Whether it holds is decided by the time of the payment, as the provider signed it, not by
when we hear of it (`payments/locks.py`); refunds go by the same quote.

    client rate = base rate x (1 + margin);  amount_to = amount_from x client rate, rounded once (ROUNDING),
    to whole steps of what is charged in that currency (charging.py)
"""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from twinshore.charging import step_minor
from twinshore.errors import Conflict, Forbidden, Unavailable, Unprocessable, must
from twinshore.fx.port import RateTable
from twinshore.fx.publication import freshness_of
from twinshore.fx.rates import SIGNIFICANT_DIGITS, decimal_of, pair_rate
from twinshore.money import Money, Rate, Rounding, convert
from twinshore.store.port import Create, Key
from twinshore.tokens import Signer, TokenExpired, TokenInvalid

KIND = "fx-quote"
VALID_SECONDS = 86_400
USE_KEPT_SECONDS = 7 * 86_400
"""How long after a quote's end its use is still remembered: well beyond any difference of clocks."""
ROUNDING = Rounding.HALF_UP
CLIENT_RATE_DIGITS = SIGNIFICANT_DIGITS + 6
"""Twelve digits times 1.0000 to 1.1000 is exact in these."""
MARGIN_LIMIT_BPS = 1_000


class RatesStale(Unavailable):
    """The last rates are too old to promise anything on. They are still shown, marked as stale."""

    slug = "rates-stale"
    title_en = "Rates are too old for a lock, please try later"
    title_zh = "汇率数据过旧，暂时无法锁定"


class SameCurrency(Unprocessable):
    slug = "same-currency"
    title_en = "Both currencies are the same"
    title_zh = "两种货币相同"


class QuoteTooLarge(Unprocessable):
    slug = "quote-too-large"
    title_en = "The amount is too large for a rate lock"
    title_zh = "金额超出锁汇上限"


class QuoteTooSmall(Unprocessable):
    slug = "quote-too-small"
    title_en = "The amount is less than the other currency can express"
    title_zh = "金额过小，无法换算"


class QuoteInvalid(Unprocessable):
    """Forged, cut, or of another kind."""

    slug = "quote-invalid"
    title_en = "This is not a rate lock of ours"
    title_zh = "锁汇凭证无效"


class QuoteNotYours(Forbidden):
    slug = "quote-not-yours"
    title_en = "This rate lock belongs to another member"
    title_zh = "该锁汇凭证属于其他会员"


class QuoteAmountDiffers(Unprocessable):
    slug = "quote-amount-differs"
    title_en = "This rate lock is for another amount"
    title_zh = "锁汇金额与订单金额不符"


class QuoteExpired(Conflict):
    slug = "quote-expired"
    title_en = "The rate lock has ended, please take a new one"
    title_zh = "锁汇已过期，请重新获取"


class QuoteUsed(Conflict):
    slug = "quote-used"
    title_en = "This rate lock has been used"
    title_zh = "该锁汇凭证已被使用"


class Holder(NamedTuple):
    cell: str
    member_id: str


class Terms(NamedTuple):
    margin_bps: int
    """Hundredths of a percent that the house adds for bearing the risk: 0 to MARGIN_LIMIT_BPS."""
    limit: Money
    """The most that one quote may be worth: the lock is the house's own risk."""
    valid_seconds: int = VALID_SECONDS


class Quote(NamedTuple):
    quote_id: str
    holder: Holder
    amount_from: Money
    amount_to: Money
    margin: Money
    """Part of `amount_to`: what it is more than at the base rate."""
    base_rate: str
    margin_bps: int
    client_rate: str
    rounding: str
    source: str
    rate_date: str
    issued_at: int
    expires_at: int
    step_minor: int = 1
    """`amount_to` and `margin` are multiples of it."""


def make_quote(table: RateTable, amount: Money, into: str, holder: Holder, terms: Terms, now: int) -> Quote:
    """Raises RatesStale, SameCurrency, QuoteTooLarge, QuoteTooSmall; UnknownCurrency, NoRate, AmountOutOfRange."""
    must(0 <= terms.margin_bps <= MARGIN_LIMIT_BPS, "the margin is within its limit")
    if amount.currency == into:
        raise SameCurrency("A lock is between two currencies.")
    base = pair_rate(table, amount.currency, into)
    for each in (*base.tables, *pair_rate(table, amount.currency, terms.limit.currency).tables):
        if freshness_of(each, now).stale:
            raise RatesStale(date=each.date)
    _within(table, amount, terms.limit)
    client = Rate(base.ratio.numerator * (10_000 + terms.margin_bps), base.ratio.denominator * 10_000)
    step = step_minor(into)
    amount_to = convert(amount, client, into, ROUNDING, step)
    if amount_to.amount_minor <= 0:
        raise QuoteTooSmall()
    return Quote(
        quote_id=os.urandom(16).hex(),
        holder=holder,
        amount_from=amount,
        amount_to=amount_to,
        margin=amount_to - convert(amount, base.ratio, into, ROUNDING, step),
        base_rate=base.text,
        margin_bps=terms.margin_bps,
        client_rate=decimal_of(client, CLIENT_RATE_DIGITS),
        rounding=ROUNDING.value,
        source=base.source,
        rate_date=base.date,
        issued_at=now,
        expires_at=now + terms.valid_seconds,
        step_minor=step,
    )


def worth_of(table: RateTable, amount: Money, currency: str) -> Money:
    """At the reference rate, rounded up. Raises NoRate, AmountOutOfRange."""
    return convert(amount, pair_rate(table, amount.currency, currency).ratio, currency, Rounding.UP)


def _within(table: RateTable, amount: Money, limit: Money) -> None:
    if worth_of(table, amount, limit.currency) > limit:
        raise QuoteTooLarge(limit_minor=limit.amount_minor, currency=limit.currency)


def sign(quote: Quote, signer: Signer) -> str:
    return signer.issue(KIND, as_json(quote), quote.expires_at - quote.issued_at, quote.issued_at)


def redeem_quote(token: str, signer: Signer, holder: Holder, amount: Money, now: int) -> Quote:
    """The quote behind a token, if `holder` may use it for a price of `amount` at `now`.

    Use it by committing `used_change(quote)`. Raises QuoteInvalid, QuoteNotYours, QuoteAmountDiffers, QuoteExpired.
    """
    try:
        quote = from_json(signer.verify(KIND, token, now))
    except TokenExpired:
        raise QuoteExpired() from None
    except TokenInvalid:
        raise QuoteInvalid() from None  # the member's session is fine: a 401 would send them to log in again
    if quote.holder != holder:
        raise QuoteNotYours()
    if quote.amount_from != amount:
        raise QuoteAmountDiffers("Take a lock for the amount of the order.")
    return quote


def used_change(quote: Quote, used_by: str) -> Create:
    """The change that makes the promise single-use. When a commit conflicts on `used_key(quote)`: see `used_by`."""
    return Create(used_key(quote), {"used_by": used_by}, expires_at=quote.expires_at + USE_KEPT_SECONDS)


def used_key(quote: Quote) -> Key:
    return Key(f"fx-quote#{quote.quote_id}", "used")


def as_json(quote: Quote) -> dict[str, Any]:
    """For a token's claims and for an order's item."""
    plain = quote._asdict()
    for name in ("holder", "amount_from", "amount_to", "margin"):
        plain[name] = list(plain[name])
    return plain


def from_json(value: dict[str, Any]) -> Quote:
    """Undo `as_json`; members that are not a quote's are left out."""
    plain = {name: value[name] for name in Quote._fields if name in value or name not in Quote._field_defaults}
    plain["holder"] = Holder(*plain["holder"])
    for name in ("amount_from", "amount_to", "margin"):
        plain[name] = Money(*plain[name])
    return Quote(**plain)
