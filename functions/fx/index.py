"""Exchange rates and prices in other currencies (anyone, any cell), and the 24-hour lock (a member, at home)."""

from __future__ import annotations

from twinshore import wiring
from twinshore.fx import exposure, quote, rates, tables
from twinshore.fx.wire import QuoteOut, QuoteRequest, Rates, RatesQuery
from twinshore.money import AmountOutOfRange, Money, UnknownCurrency
from twinshore.money_display import UnknownLocale
from twinshore.web import Door, Request

RATE_PROBLEMS = (UnknownCurrency, rates.NoRate, AmountOutOfRange)
QUOTE_PROBLEMS = (quote.SameCurrency, quote.QuoteTooLarge, quote.QuoteTooSmall, quote.RatesStale)

door = Door("fx", wiring)
main_handler = door


@door.get("/v1/fx/rates", takes=RatesQuery, gives=Rates, problems=(*RATE_PROBLEMS, UnknownLocale))
def show_rates(request: Request, query: RatesQuery) -> Rates:
    return Rates.of(tables.current(wiring.store(), request.now), query, request.language, request.now)


@door.post(
    "/v1/fx/quotes", takes=QuoteRequest, gives=QuoteOut, who="member", status=201,
    problems=(*RATE_PROBLEMS, *QUOTE_PROBLEMS, exposure.ExposureCapReached, exposure.LockAllowanceUsed),
)  # fmt: skip
def lock_rate(request: Request, body: QuoteRequest) -> QuoteOut:
    cell = wiring.cell()
    terms = quote.Terms(cell.fx_margin_bps, Money(cell.fx_limit_eur_minor, "EUR"))
    holder = quote.Holder(cell.name, request.session.member_id)
    table = tables.current(wiring.store(), request.now)
    promise = quote.make_quote(table, body.amount(), body.to_currency, holder, terms, request.now)
    cap = exposure.cap_of(terms.limit, cell.fx_exposure_eur_minor)
    exposure.count(wiring.store(), promise, quote.worth_of(table, body.amount(), "EUR"), cap, request.now)
    return QuoteOut.of(promise, quote.sign(promise, wiring.sessions()))
