"""Both legs of what an order moved, as postings: made from the events, once per event, and never changed.

Each posting is a set of lines whose sum is zero in every currency. With a rate lock there are two currencies: what was
charged, and what the price was; the house's exchange account stands in both, and the margin is a line of its own. What
goes back (refund or lost dispute) takes its share of every line, at the rate of the lock. Shares are differences of the
share of all that has gone back so far, rounded once: when all has gone back, nothing is left of any line.

    provider   what the payment provider owes us (+) or has paid back for us (-)
    sales      the price, in its own currency
    margin     what the lock cost the member
    exchange   the house's position in a currency
"""

from __future__ import annotations

from typing import NamedTuple

from twinshore.events import Event
from twinshore.fx import quote as fx
from twinshore.money import Money, Rounding, divide
from twinshore.payments.order import Order, load, order_key, quote_key
from twinshore.store.port import CommitConflict, Create, Key, Store

PROVIDER, SALES, MARGIN, EXCHANGE = "provider", "sales", "margin", "exchange"
PREFIX = "posting#"
POSTINGS_LIMIT = 100
"""Of one order: a capture, 20 refunds, what others refunded at the provider, and a loss."""


class Line(NamedTuple):
    account: str
    amount: Money


def post(event: Event, store: Store) -> None:
    """Consumer of `payment.captured`, `payment.refunded`, `dispute.lost` and `payment.lost`."""
    order = load(store, str(event.data["order_id"]))
    if order is None:
        return
    item = store.get(quote_key(order.id)) if order.quoted else None
    lines = _lines(order, None if item is None else fx.from_json(item.fields), event)
    fields = {"event": event.name, "at": event.at, "lines": [[line.account, *line.amount] for line in lines]}
    try:
        store.commit(Create(Key(order_key(order.id).partition, f"{PREFIX}{event.id}"), fields))
    except CommitConflict:
        return  # told before


def postings_of(store: Store, order_id: str) -> list[tuple[Line, ...]]:
    """All of an order's, in no particular order."""
    page = store.query(order_key(order_id).partition, PREFIX, limit=POSTINGS_LIMIT)
    return [tuple(Line(account, Money(minor, currency)) for account, minor, currency in item.fields["lines"])
            for item in page.items]  # fmt: skip


def _lines(order: Order, quote: fx.Quote | None, event: Event) -> list[Line]:
    if event.name == "payment.captured":
        return _all_lines(order.amount, quote)
    back_minor = int(event.data["taken_back_minor"])
    before_minor = back_minor - int(event.data["amount_minor"])
    after, before = _share(order, quote, back_minor), _share(order, quote, before_minor)
    return [Line(one.account, two.amount - one.amount) for one, two in zip(after, before)]


def _share(order: Order, quote: fx.Quote | None, part_minor: int) -> list[Line]:
    """The lines of `part_minor` of the capture. The exchange account takes what the others leave."""
    whole_minor = order.amount.amount_minor

    def of(money: Money) -> Money:
        return Money(divide(money.amount_minor * part_minor, whole_minor, Rounding.HALF_UP), money.currency)

    if quote is None:
        return _all_lines(Money(part_minor, order.amount.currency), None)
    part = quote._replace(amount_from=of(quote.amount_from), margin=of(quote.margin))
    return _all_lines(Money(part_minor, order.amount.currency), part)


def _all_lines(charged: Money, quote: fx.Quote | None) -> list[Line]:
    if quote is None:
        return [Line(PROVIDER, charged), Line(SALES, -charged)]
    return [
        Line(PROVIDER, charged),
        Line(MARGIN, -quote.margin),
        Line(EXCHANGE, quote.margin - charged),
        Line(EXCHANGE, quote.amount_from),
        Line(SALES, -quote.amount_from),
    ]
