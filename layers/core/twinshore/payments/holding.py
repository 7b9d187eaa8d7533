"""Payments that are held: the money is here, and the order is not credited until a person or a rule accepts it.

Money is held when it came after the close, or after the end of the rate lock. For the latter there is a rule: the price
is quoted anew at today's rate. What was charged is accepted as it is while it is worth the price at the base rate, for
the margin was paid for just that; if it is worth less, the difference is shown and a person decides: accept, or refund.
Nobody is ever charged a difference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from twinshore.cells import INSTALMENTS
from twinshore.errors import Conflict
from twinshore.events import Event
from twinshore.fx import quote as fx
from twinshore.money import LIMIT_MINOR, Money
from twinshore.payments import told
from twinshore.payments.advance import LOCK_EXPIRED, Advance, Resolution, resolve_flag
from twinshore.payments.completion import amend
from twinshore.payments.order import HOUSE, Order, OrderNotFound, load, quote_key
from twinshore.payments.orders import shown
from twinshore.payments.port import CAPTURED
from twinshore.payments.states import CAPTURED_AFTER_CLOSE
from twinshore.store.port import Store

if TYPE_CHECKING:
    from twinshore.fx.port import RateTable

HELD_FOR = (LOCK_EXPIRED, CAPTURED_AFTER_CLOSE)
_NO_LIMIT = Money(LIMIT_MINOR, "EUR")
"""The promise was made long ago: a limit is for new ones."""


class OrderNotHeld(Conflict):
    """Nothing was paid, it is credited already, or some of it has gone back."""

    slug = "order-not-held"
    title_en = "There is no payment of this order that waits for a decision"
    title_zh = "该订单没有待处理的支付"


ACCEPT = "accept"


def accept(store: Store, order_id: str, by: str, now: int) -> dict[str, Any]:
    """Credit a held order as it is; the order as the wire shows it, the same when asked again. by: who decides.
    Raises OrderNotFound, OrderNotHeld."""
    order = load(store, order_id)
    if order is None:
        raise OrderNotFound
    done = Resolution(ACCEPT, by, now)
    return shown(amend(store, order, lambda current: accepted(current, done)), now)


def requote(event: Event, store: Store, rates: Callable[[], RateTable], now: int) -> None:
    """Consumer of `payment.flagged`: quotes a payment anew that came after the end of its lock.
    Raises RatesStale and the like, to be called again."""
    order = load(store, str(event.data["order_id"])) if event.data["reason"] == LOCK_EXPIRED else None
    item = None if order is None else store.get(quote_key(order.id))
    if order is None or item is None or order.requoted_minor:
        return
    old = fx.from_json(item.fields)
    terms = fx.Terms(old.margin_bps, _NO_LIMIT)
    new = fx.make_quote(rates(), old.amount_from, old.amount_to.currency, old.holder, terms, now)

    def noted(current: Order) -> Advance:
        after = current._replace(requoted_minor=new.amount_to.amount_minor)
        covered = current.amount >= new.amount_to - new.margin
        return accepted(after, Resolution(ACCEPT, HOUSE, now)) if covered and _waits(after) else Advance(after)

    amend(store, order, noted)


def accepted(order: Order, done: Resolution) -> Advance:
    """Raises OrderNotHeld."""
    if order.credited:
        return Advance(order)
    if not _waits(order):
        raise OrderNotHeld
    paid = next(one for one in order.attempts if one.number == order.paid_by)
    after = Advance(order._replace(credited=True), (told.captured(order, paid, done.at),))
    for flag in order.open_flags:
        if flag.attempt == order.paid_by and flag.reason in HELD_FOR:
            after = resolve_flag(after, flag, done)
    return after


def _waits(order: Order) -> bool:
    paid = order.attempt(order.paid_by)
    own = paid is not None and paid.state == CAPTURED and paid.provider != INSTALMENTS
    return own and not order.promised_refunds_minor()
