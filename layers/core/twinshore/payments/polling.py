"""Asking what became of payments: for the schedule, and for a client that says it has paid."""

from __future__ import annotations

from typing import Any, NamedTuple

from twinshore import log, metrics
from twinshore.errors import Problem
from twinshore.payments import port
from twinshore.payments.advance import UNRESOLVED, Advance, put_flag
from twinshore.payments.capturing import Providers, capture_attempt
from twinshore.payments.completion import apply
from twinshore.payments.order import (
    OPEN,
    SETTLED,
    Flag,
    Order,
    OrderAttempt,
    load,
    load_own,
    number_in,
    order_id_of,
    replace,
)
from twinshore.payments.orders import shown
from twinshore.payments.poll_items import GIVE_UP_SECONDS, PAYMENT, QUEUE, Poll, next_poll, read_poll
from twinshore.payments.port import PaymentProvider, ProviderRefused
from twinshore.payments.refunding import ask_for_refund
from twinshore.payments.starting import close_attempt
from twinshore.store.port import Change, CommitConflict, Delete, Item, Store

POLL_LIMIT = 50
"""Questions in one run of the schedule: five seconds each at the worst would be too many for one function, so the door
gives fewer where its time limit is short; what is left waits for the next minute."""
CLOSE_GRACE_SECONDS = 60
"""A payer who confirmed in the last second is given this long before the attempt is closed."""


class Polled(NamedTuple):
    settled: int = 0
    waiting: int = 0
    given_up: int = 0


class Look(NamedTuple):
    order_id: str
    member_id: str
    ask: bool
    """Whether to ask the provider first."""


def poll_due(store: Store, providers: Providers, now: int, limit: int = POLL_LIMIT) -> Polled:
    """Ask about everything whose time has come. One payment that cannot be asked about does not hold up the others."""
    counts = {"settled": 0, "waiting": 0, "given_up": 0}
    for item in store.due(QUEUE, now, limit):
        counts[_poll_one(store, providers, item, now)] += 1
    return Polled(**counts)


def refresh(store: Store, providers: Providers, order: Order, now: int) -> Order:
    """The client says that it has paid: ask, and answer with what is known. Never raises for the provider's troubles:
    the order is pending until somebody knows better."""
    for attempt in order.attempts:
        if attempt.state in OPEN and not order.paid_by:
            try:
                order = _hear(store, providers(attempt.provider), order, attempt, now)
            except Problem:
                order = load(store, order.id) or order
    return order


def look_up(store: Store, providers: Providers, look: Look, now: int) -> dict[str, Any]:
    """The order as the wire shows it. Raises OrderNotFound."""
    order = load_own(store, look.order_id, look.member_id)
    return shown(refresh(store, providers, order, now) if look.ask else order, now)


def _poll_one(store: Store, providers: Providers, item: Item, now: int) -> str:
    poll = read_poll(item)
    try:
        final = _ask(store, providers, poll, now)
    except Problem as err:  # 5xx, HTML, time-out, a refusal to tell: no news is no news
        log.line("warning", "payment poll unanswered", reference=poll.reference, kind=poll.kind, problem=err.slug)
        final = False
    if final:
        _move(store, Delete(item.key, item.version))
        return "settled"
    if now - poll.began_at >= GIVE_UP_SECONDS:
        _give_up(store, poll, item, now)
        return "given_up"
    _move(store, next_poll(poll, now))
    return "waiting"


def _ask(store: Store, providers: Providers, poll: Poll, now: int) -> bool:
    """Whether there is nothing more to ask."""
    order = load(store, order_id_of(poll.reference))
    if order is None:
        return True
    if poll.kind == PAYMENT:
        attempt = order.attempt(number_in(poll.reference))
        return attempt is None or _ask_payment(store, providers(attempt.provider), order, attempt, now)
    return _ask_refund(store, providers, order, poll, now)


def _ask_payment(store: Store, provider: PaymentProvider, order: Order, attempt: OrderAttempt, now: int) -> bool:
    if attempt.state == port.CLOSED:
        return _ask_closed(store, provider, order, attempt, now)
    if _is_final(attempt):
        return True
    order = _hear(store, provider, order, attempt, now)
    attempt = order.attempt(attempt.number) or attempt
    unheard_of = not attempt.refunded_minor and not attempt.dispute
    if not _is_final(attempt) and now >= attempt.expires_at + CLOSE_GRACE_SECONDS and unheard_of:
        close_attempt(store, provider, order, attempt, now)
        order = load(store, order.id) or order
        attempt = order.attempt(attempt.number) or attempt
    return _is_final(attempt)


def _ask_closed(store: Store, provider: PaymentProvider, order: Order, attempt: OrderAttempt, now: int) -> bool:
    """Once more when its time is over: not every page can be taken back, and the notice of what was paid there may be
    lost. An approval that nobody takes is no news."""
    if now < attempt.expires_at + CLOSE_GRACE_SECONDS:
        return False
    news = provider.query(order.reference(attempt), attempt.provider_id, now)
    if news.state != port.AUTHORISED:
        apply(store, attempt.provider, news, now)
    return True


def _hear(store: Store, provider: PaymentProvider, order: Order, attempt: OrderAttempt, now: int) -> Order:
    """The order after asking, and after taking the money if the payer has approved: the consumer of that news may have
    died, or the news never came."""
    news = provider.query(order.reference(attempt), attempt.provider_id, now)
    order = apply(store, attempt.provider, news, now).order or order
    attempt = order.attempt(attempt.number) or attempt
    if attempt.state == port.AUTHORISED:
        order = capture_attempt(store, provider, order, attempt, {}, now)
    return order


def _ask_refund(store: Store, providers: Providers, order: Order, poll: Poll, now: int) -> bool:
    refund = next((one for one in order.refunds if order.refund_reference(one) == poll.reference), None)
    attempt = None if refund is None else order.attempt(refund.attempt)
    if refund is None or attempt is None or refund.state != port.PENDING:
        return True
    try:
        order = ask_for_refund(store, providers(attempt.provider), order, attempt, refund, now)
    except ProviderRefused:
        return True
    return next(one for one in order.refunds if one.number == refund.number).state != port.PENDING


def _is_final(attempt: OrderAttempt) -> bool:
    # A declined card may be followed by a good one, so FAILED is asked about until the attempt is closed.
    return attempt.state in (port.CLOSED, *SETTLED)


def _give_up(store: Store, poll: Poll, item: Item, now: int) -> None:
    """Loudly: the order is flagged in the commit that ends the asking."""
    log.line("error", "payment poll given up", reference=poll.reference, kind=poll.kind)
    metrics.given_up("payment-poll")
    order = load(store, order_id_of(poll.reference))
    if order is None:
        return
    refund = next((one for one in order.refunds if order.refund_reference(one) == poll.reference), None)
    number = number_in(poll.reference) if refund is None else refund.attempt
    after = put_flag(Advance(order), Flag(UNRESOLVED, number, now, about="" if refund is None else poll.reference))
    if after.order == order:
        _move(store, Delete(item.key, item.version))
        return
    try:
        store.commit(replace(after.order), Delete(item.key, item.version), events=after.events)
    except CommitConflict:
        pass  # news came at this moment: the next run sees it


def _move(store: Store, change: Change) -> None:
    try:
        store.commit(change)
    except CommitConflict:
        pass  # another run of the schedule has done it
