"""What the fx door takes and gives."""

from __future__ import annotations

import time
from typing import Annotated, Any

from twinshore.fx.port import RateTable
from twinshore.fx.publication import freshness_of
from twinshore.fx.quote import Quote
from twinshore.fx.rates import DISPLAY_ROUNDING, PairRate, pair_rate, prices
from twinshore.models import BaseModel, ConfigDict, Field
from twinshore.money import Money
from twinshore.money_display import LOCALE_PATTERN, display
from twinshore.money_wire import Amount, CurrencyCode, PositiveMinor

CURRENCIES_LIMIT = 30
ATTRIBUTION = {"ecb": "European Central Bank, euro foreign exchange reference rates. For information, not for dealing."}


class RatesQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    base: CurrencyCode
    quote: str = Field(
        pattern=f"^[A-Z]{{3}}(,[A-Z]{{3}}){{0,{CURRENCIES_LIMIT - 1}}}$",
        description=f"up to {CURRENCIES_LIMIT} ISO 4217 codes, with commas between",
        examples=["USD,EUR"],
    )
    amount_minor: Annotated[
        str | None, Field(pattern="^[1-9][0-9]{0,15}$", description="price in minor units of `base`, to be shown")
    ] = None
    locale: Annotated[
        str | None, Field(pattern=f"^{LOCALE_PATTERN}$", description="of the shown prices; else Accept-Language")
    ] = None

    def currencies(self) -> list[str]:
        return list(dict.fromkeys(self.quote.split(",")))


class RateOut(BaseModel):
    currency: CurrencyCode
    rate: str = Field(description="units of `currency` per 1 `base`, plain decimal")
    date: str = Field(description="the day the source set it for")
    source: str
    attribution: str | None = Field(None, description="licence note, where the rates shown have several sources")
    age_seconds: int | None = Field(None, description="where the rates shown have several sources")
    stale: bool | None = Field(None, description="where the rates shown have several sources")
    amount_minor: int | None = Field(None, description="the price in this currency; computed from `rate` as shown")
    display: str | None = None


class Rates(BaseModel):
    base: CurrencyCode
    amount_minor: int | None = None
    rounding: str | None = Field(None, description="of the prices")
    source: str = Field(description="of the rates shown; of several sources all, with commas between")
    attribution: str = Field(description="what the sources' licences want to be said beside the rates")
    date: str = Field(description="of the oldest source")
    fetched_at: str | None = Field(None, description="absent for rates that came with the software")
    age_seconds: int = Field(description="since the rates were published, those of the oldest source")
    stale: bool = Field(
        description="newer rates of some source should have reached us; none come on weekends and TARGET holidays"
    )
    items: list[RateOut]

    @classmethod
    def of(cls, table: RateTable, query: RatesQuery, language: str, now: int) -> Rates:
        """Raises UnknownCurrency, NoRate, AmountOutOfRange, UnknownLocale."""
        if query.amount_minor is None:
            found = [pair_rate(table, query.base, each) for each in query.currencies()]
            items = [_rate_out(each) for each in found]
            asked: dict[str, Any] = {}
        else:
            amount, locale = Money(int(query.amount_minor), query.base), query.locale or language
            priced = prices(table, amount, query.currencies())
            found = [each.rate for each in priced]
            items = [_rate_out(each.rate, each.amount, locale) for each in priced]
            asked = {"amount_minor": amount.amount_minor, "rounding": DISPLAY_ROUNDING.value}
        used = _used(*(each for pair in found for each in pair.tables))
        if len(used) > 1:
            told = [{**item.model_dump(), **_said_of(_used(*pair.tables), now)} for item, pair in zip(items, found)]
            items = [RateOut.model_validate(each) for each in told]
        fetched_at = min(each.fetched_at for each in used)
        return cls(
            base=query.base, source=", ".join(each.source for each in used), date=min(each.date for each in used),
            fetched_at=rfc3339(fetched_at) if fetched_at else None, items=items, **_said_of(used, now), **asked,
        )  # fmt: skip


def _used(*tables: RateTable) -> list[RateTable]:
    """Each once."""
    return [table for number, table in enumerate(tables) if table not in tables[:number]]


def _said_of(tables: list[RateTable], now: int) -> dict[str, Any]:
    fresh = [freshness_of(each, now) for each in tables]
    said = [f"{t.source}: {t.licence}" if t.licence else ATTRIBUTION.get(t.source, t.source) for t in tables]
    return {"attribution": " ".join(said), "age_seconds": max(each.age_seconds for each in fresh),
            "stale": any(each.stale for each in fresh)}  # fmt: skip


def _rate_out(found: PairRate, price: Money | None = None, locale: str = "") -> RateOut:
    return RateOut(
        currency=found.quote, rate=found.text, date=found.date, source=found.source,
        amount_minor=price.amount_minor if price else None, display=display(price, locale) if price else None,
    )  # fmt: skip


class QuoteRequest(BaseModel):
    """How much is `amount_minor` of `from` in `to`, locked for 24 hours?"""

    model_config = ConfigDict(extra="forbid")

    from_currency: CurrencyCode = Field(validation_alias="from")
    to_currency: CurrencyCode = Field(validation_alias="to")
    amount_minor: PositiveMinor

    def amount(self) -> Money:
        return Money(self.amount_minor, self.from_currency)


class QuoteOut(BaseModel):
    token: str = Field(description="the promise; send it with the order, once")
    quote_id: str
    amount_from: Amount
    amount_to: Amount
    margin: Amount = Field(description="part of amount_to: the price of the lock")
    base_rate: str
    margin_bps: int = Field(description="hundredths of a percent, on top of base_rate")
    client_rate: str
    rounding: str
    rounding_to: Amount = Field(description="amount_to and margin are multiples of this: what can be charged at all")
    source: str
    date: str
    issued_at: str
    expires_at: str

    @classmethod
    def of(cls, quote: Quote, token: str) -> QuoteOut:
        return cls(
            token=token, quote_id=quote.quote_id, amount_from=Amount.of(quote.amount_from),
            amount_to=Amount.of(quote.amount_to), margin=Amount.of(quote.margin), base_rate=quote.base_rate,
            margin_bps=quote.margin_bps, client_rate=quote.client_rate, rounding=quote.rounding,
            rounding_to=Amount(amount_minor=quote.step_minor, currency=quote.amount_to.currency), source=quote.source,
            date=quote.rate_date, issued_at=rfc3339(quote.issued_at), expires_at=rfc3339(quote.expires_at),
        )  # fmt: skip


def rfc3339(at: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
