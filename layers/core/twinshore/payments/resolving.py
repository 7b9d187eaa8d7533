"""What a person decides about a flag, carried out: once, however often it is said.

The decision is written in the order, with the refund that it promises and the poll that asks after it, before any
provider hears; so a function that dies in between is made good by the same request, or by the poll. A refund that comes
to nothing opens the flag again.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from twinshore import log
from twinshore.errors import Conflict, Unavailable, Unprocessable
from twinshore.events import Event
from twinshore.payments import flags, port, told
from twinshore.payments.advance import Advance, Resolution, resolve_flag
from twinshore.payments.completion import amend
from twinshore.payments.holding import accepted
from twinshore.payments.losses import lose
from twinshore.payments.methods import Tills
from twinshore.payments.order import (
    AMOUNT_DIFFERS,
    REFUND_REQUESTED,
    REQUESTED,
    SETTLED,
    Flag,
    Order,
    OrderRefund,
    load,
)
from twinshore.payments.orders import DECLINE
from twinshore.payments.poll_items import REFUND, start_poll
from twinshore.payments.refunding import OrderDisputed, ask_for_refund
from twinshore.store.port import Change, Store

REFUNDS = (flags.REFUND_SECOND, flags.REFUND_PAYMENT)


class FlagResolved(Conflict):
    """`action`: what was done about it."""

    slug = "flag-resolved"
    title_en = "Something else was decided about this already"
    title_zh = "该事项已作其他处理"


class ActionNotOffered(Unprocessable):
    """`offered`: what can be done about this flag, as it stands."""

    slug = "flag-action-not-offered"
    title_en = "This cannot be done about it"
    title_zh = "不能如此处理该事项"


class Decision(NamedTuple):
    flag_id: str
    action: str
    note: str
    by: str
    """The service that decides."""


def resolve(store: Store, tills: Tills, decision: Decision, now: int) -> dict[str, Any]:
    """The flag as the wire shows it; the same for the same decision.

    Raises FlagNotFound, FlagResolved, ActionNotOffered, OrderNotHeld, OrderDisputed; ProviderRefused (the flag stays
    open, unless it was a member's wish: that has failed, and may be made anew); OutcomeUnknown and Unavailable where
    it is to be let go of (ask again). A refund whose outcome is unknown is asked about later.
    """
    order, flag = flags.find(store, decision.flag_id)
    if flag.action not in ("", decision.action):
        raise FlagResolved(action=flag.action)
    if not flag.action:
        if decision.action == flags.LET_GO and decision.action in flags.actions_for(flag):
            _let_go(tills, order, flag, now)
        order = amend(
            store, order, lambda current: _decided(current, flag, decision, now), lambda after: _poll(after, flag, now)
        )
        log.line("info", "flag resolved", flag=decision.flag_id, action=decision.action, by=decision.by)
    try:
        order = _send(store, tills, order, flag, now)
    finally:
        flags.bring_up(store, order.id)
    return flags.shown(*flags.find(store, decision.flag_id))


def _decided(order: Order, flag: Flag, decision: Decision, now: int) -> Advance:
    found = next(one for one in order.flags if one.what == flag.what)
    if found.action not in ("", decision.action):
        raise FlagResolved(action=found.action)
    if found.action:
        return Advance(order)
    if decision.action not in flags.actions_for(found):
        raise ActionNotOffered(offered=list(flags.actions_for(found)))
    done = Resolution(decision.action, decision.by, now, decision.note)
    if decision.action == flags.ACCEPT:
        return accepted(order, done)
    if decision.action == flags.LOST:
        without = lose(order, found, done)
        if without is None:
            raise ActionNotOffered(offered=[flags.WRITE_OFF])
        return without
    if decision.action in REFUNDS:
        order = _promised(order, found, decision.note, now)
    events: tuple[Event, ...] = ()
    if decision.action == flags.APPROVE:
        order = _with_refund(order, _approved(order, found, now))
    elif decision.action == DECLINE:
        declined = _asked(order, found)._replace(state=port.FAILED)
        order, events = _with_refund(order, declined), (told.refund_declined(order, declined, now),)
    return resolve_flag(Advance(order, events), found, done)


def _asked(order: Order, flag: Flag) -> OrderRefund:
    """The refund that this flag asks a person for. Raises ActionNotOffered if it waits no more."""
    for one in order.refunds:
        if order.refund_reference(one) == flag.about and one.state == REQUESTED:
            return one
    raise ActionNotOffered(offered=[])


def _approved(order: Order, flag: Flag, now: int) -> OrderRefund:
    """It is asked for from now on. Raises OrderDisputed; ActionNotOffered if the sum has gone back otherwise."""
    refund, attempt = _asked(order, flag), order.attempt(flag.attempt)
    if attempt is not None and attempt.dispute in (port.DISPUTED, port.DISPUTE_LOST):
        raise OrderDisputed
    if attempt is None or order.amount.amount_minor - attempt.refunded_minor < refund.amount_minor:
        raise ActionNotOffered(offered=[DECLINE])
    return refund._replace(state=port.PENDING, at=now)


def _with_refund(order: Order, changed: OrderRefund) -> Order:
    return order._replace(refunds=tuple(changed if one.number == changed.number else one for one in order.refunds))


def _promised(order: Order, flag: Flag, note: str, now: int) -> Order:
    """With the refund of what this attempt took. Raises ActionNotOffered where that is not to be had any more."""
    attempt = next(one for one in order.attempts if one.number == flag.attempt)
    taken = order.taken(flag.attempt)
    asked_minor = sum(one.amount_minor for one in order.refunds
                      if one.attempt == flag.attempt and one.state != port.FAILED)  # fmt: skip
    left_minor = taken.amount_minor - max(asked_minor, attempt.refunded_minor)
    in_hand = attempt.state in (port.CAPTURED, port.PART_REFUNDED, port.DISPUTE_WON)
    odd_sum = flag.reason == AMOUNT_DIFFERS and flag.currency == order.amount.currency
    if left_minor <= 0 or not (in_hand or odd_sum):
        raise ActionNotOffered(offered=[flags.WRITE_OFF])
    refund = OrderRefund(len(order.refunds) + 1, flag.attempt, left_minor, now, told.flag_name(flag), reason=note[:80])
    if attempt.state not in SETTLED:  # an odd sum was never ours: nobody waits for it any more
        order = order.with_attempt(attempt._replace(state=port.CLOSED))
    return order._replace(refunds=(*order.refunds, refund))


def _poll(order: Order, flag: Flag, now: int) -> tuple[Change, ...]:
    refund = _refund_of(order, flag)
    return () if refund is None else (start_poll(order.refund_reference(refund), REFUND, now),)


def _refund_of(order: Order, flag: Flag) -> OrderRefund | None:
    """The one that this flag's decision has promised, while nobody knows what came of it."""
    name = told.flag_name(flag)
    for one in order.refunds:
        meant = one.request == name or (flag.reason, flag.about) == (REFUND_REQUESTED, order.refund_reference(one))
        if meant and one.state == port.PENDING:
            return one
    return None


def _send(store: Store, tills: Tills, order: Order, flag: Flag, now: int) -> Order:
    refund, attempt = _refund_of(order, flag), order.attempt(flag.attempt)
    if refund is None or attempt is None:
        return order
    try:
        return ask_for_refund(store, tills.provider(attempt.provider), order, attempt, refund, now)
    except Unavailable:
        return load(store, order.id) or order  # the poll asks on


def _let_go(tills: Tills, order: Order, flag: Flag, now: int) -> None:
    attempt = next(one for one in order.attempts if one.number == flag.attempt)
    tills.provider(attempt.provider).close(order.reference(attempt), attempt.provider_id, now)
