"""What a person must look at: lists for operators, made from the flags of the orders.

The flag itself stands in its order, and a webhook's commit writes nothing else: a consumer of `payment.flagged` and of
`flag.resolved` brings the lists up to the order, in whatever order the events come. Nothing leaves the lists for good:
what is resolved stands among the resolved ones.
"""

from typing import Any, NamedTuple

from twinshore import log
from twinshore.errors import NotFound
from twinshore.events import Event
from twinshore.payments.advance import AMOUNT_UNKNOWN, CAPTURE_FAILED, LOCK_EXPIRED, PAID_TWICE
from twinshore.payments.order import AMOUNT_DIFFERS, REFUND_REQUESTED, Flag, Order, load, order_id_of
from twinshore.payments.orders import DECLINE
from twinshore.payments.port import DISPUTED
from twinshore.payments.states import AUTHORISED_AFTER_CLOSE, CAPTURED_AFTER_CLOSE
from twinshore.store.port import Change, CommitConflict, Create, Delete, Key, Require, Store, StoreUnavailable

OPEN, RESOLVED = "open", "resolved"
ACCEPT, REFUND_SECOND, REFUND_PAYMENT, LET_GO, WRITE_OFF, APPROVE, LOST = (
    "accept", "refund_second", "refund_payment", "let_go", "write_off", "approve", "lost",
)  # fmt: skip
ACTIONS = {
    PAID_TWICE: (REFUND_SECOND, WRITE_OFF),
    AMOUNT_DIFFERS: (REFUND_PAYMENT, WRITE_OFF),
    AMOUNT_UNKNOWN: (WRITE_OFF,),
    LOCK_EXPIRED: (ACCEPT, REFUND_PAYMENT, WRITE_OFF),
    CAPTURED_AFTER_CLOSE: (ACCEPT, REFUND_PAYMENT, WRITE_OFF),
    AUTHORISED_AFTER_CLOSE: (LET_GO, WRITE_OFF),
    REFUND_REQUESTED: (APPROVE, DECLINE),
    CAPTURE_FAILED: (LOST, WRITE_OFF),
    DISPUTED: (LOST, WRITE_OFF),
}
"""What may be done about a flag; about any other one only WRITE_OFF: it was put right elsewhere, or the house bears
it."""
SYNC_TRIES = 5


class FlagNotFound(NotFound):
    slug = "flag-not-found"
    title_en = "There is no such flag"
    title_zh = "没有该待处理事项"


class Wanted(NamedTuple):
    """A page of a list."""

    status: str
    limit: int
    after: str | None


def listed(store: Store, wanted: Wanted) -> dict[str, Any]:
    """As the wire shows it: what is open, longest waiting first; what is resolved, newest first."""
    page = store.query(
        _partition(wanted.status), after=wanted.after, limit=wanted.limit, newest_first=wanted.status == RESOLVED
    )
    return {"items": [item.fields for item in page.items], "next": page.next}


def find(store: Store, flag_id: str) -> tuple[Order, Flag]:
    """Raises FlagNotFound."""
    order = load(store, order_id_of(flag_id))
    for flag in order.flags if order is not None else ():
        if order is not None and order.flag_id(flag) == flag_id:
            return order, flag
    raise FlagNotFound


def actions_for(flag: Flag) -> tuple[str, ...]:
    return () if flag.action else ACTIONS.get(flag.reason, (WRITE_OFF,))


def shown(order: Order, flag: Flag) -> dict[str, Any]:
    """JSON, times in seconds."""
    attempt = next(one for one in order.attempts if one.number == flag.attempt)
    view: dict[str, Any] = {
        "id": order.flag_id(flag),
        "reason": flag.reason,
        "status": RESOLVED if flag.action else OPEN,
        "raised_at": flag.at,
        "order_id": order.id,
        "provider": attempt.provider,
        "reference": flag.about or order.reference(attempt),
        "actions": list(actions_for(flag)),
    }
    if flag.currency:
        view["amount"] = {"amount_minor": flag.amount_minor, "currency": flag.currency}
    if flag.action:
        done = {"action": flag.action, "by": flag.by, "at": flag.resolved_at, "reason": flag.note}
        view["resolution"] = {name: value for name, value in done.items() if value}
    return view


def keep_lists(event: Event, store: Store) -> None:
    """Consumer of `payment.flagged` and `flag.resolved`: it brings the lists up to the order, whatever the event says.
    Raises StoreUnavailable to be called again."""
    if event.name == "payment.flagged":
        level = "info" if event.data["reason"] == REFUND_REQUESTED else "warning"
        log.line(level, "payment flagged", reason=event.data["reason"], reference=event.data["reference"])
    bring_up(store, str(event.data["order_id"]))


def bring_up(store: Store, order_id: str) -> None:
    for _ in range(SYNC_TRIES):
        order = load(store, order_id)
        if order is None:
            return
        try:
            for flag in order.flags:
                changes = _changes(store, order, flag)
                if changes:
                    store.commit(*changes, Require(order.key, order.version))
            return
        except CommitConflict:
            continue  # the order has moved, or somebody else keeps the lists at this moment
    raise StoreUnavailable("the flags of an order are contended")


def _changes(store: Store, order: Order, flag: Flag) -> list[Change]:
    """Where the flag must be, and where it must not be any more."""
    flag_id, status = order.flag_id(flag), RESOLVED if flag.action else OPEN
    keys = {RESOLVED: _key(RESOLVED, flag.resolved_at, flag_id), OPEN: _key(OPEN, flag.at, flag_id)}
    changes: list[Change] = []
    for name, key in keys.items():
        there = store.get(key)
        if name == status and there is None:
            changes.append(Create(key, shown(order, flag)))
        elif name != status and there is not None:
            changes.append(Delete(key, there.version))
    return changes


def _key(status: str, at: int, flag_id: str) -> Key:
    return Key(_partition(status), f"{at:012d}.{flag_id}")


def _partition(status: str) -> str:
    return f"flags#{status}"
