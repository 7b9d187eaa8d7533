"""The one completion path: whatever says that a payment has moved (webhook, client, poll) ends in `apply`.

One read and at most one conditional write. Whoever loses the race reads again, and mostly finds nothing left to do.
"""

import time
from typing import Callable, NamedTuple

from twinshore import log, metrics
from twinshore.log import MASK
from twinshore.payments.advance import Advance, advance
from twinshore.payments.order import Order, load, number_in, order_id_of, replace
from twinshore.payments.port import Notice
from twinshore.store.port import Change, CommitConflict, Create, Key, Store, StoreUnavailable

APPLY_TRIES = 10
"""Each lost race means that the order has moved, and an order moves a handful of times in its life."""
ORPHAN_SECONDS = 30 * 86_400

_WORDS_OF_OTHERS = ("reference", "provider_id", "refund_reference")

MOVED = "moved"
SEEN = "seen"
FLAGGED = "flagged"
ORPHANED = "orphaned"


class Outcome(NamedTuple):
    """`what`: MOVED, SEEN (nothing new), FLAGGED (kept, and a person must look) or ORPHANED (kept, no such order)."""

    what: str
    order: Order | None = None


def apply(store: Store, provider: str, notice: Notice, now: int) -> Outcome:
    """Bring the order up to `notice`, which `provider` has verifiably said. Durable when it returns.

    Raises StoreUnavailable: nothing was acknowledged, and the same news may come again.
    """
    began = time.monotonic()
    reference = notice.reference or reference_of(store, provider, notice.provider_id)
    for _ in range(APPLY_TRIES):
        order = load(store, order_id_of(reference)) if reference else None
        attempt = None if order is None else order.attempt(number_in(reference))
        # A provider speaks for its own attempts only.
        if order is None or attempt is None or attempt.provider != provider:
            return _keep_orphan(store, provider, notice, now)
        after = advance(order, attempt, notice, now)
        if after.order == order:
            return Outcome(SEEN, order)
        try:
            store.commit(replace(after.order), events=after.events)
        except CommitConflict:
            continue
        moved = after.order._replace(version=order.version + 1)
        if moved.paid_by and not order.paid_by:
            known = now - notice.occurred_at if notice.occurred_at else 0
            metrics.paid(provider, log.bound()[1], known + time.monotonic() - began)
        return Outcome(FLAGGED if len(moved.flags) > len(order.flags) else MOVED, moved)
    raise StoreUnavailable("an order is contended")


def amend(
    store: Store, order: Order, change: Callable[[Order], Advance],
    beside: Callable[[Order], tuple[Change, ...]] = lambda _: (),
) -> Order:  # fmt: skip
    """Bring the order up to what `change` makes of it, with its events, and with what `beside` adds for the order after
    it; tried again on the order as it then is when somebody was faster. Raises StoreUnavailable and whatever `change`
    raises."""
    for _ in range(APPLY_TRIES):
        after = change(order)
        if after.order == order:
            return order
        try:
            store.commit(replace(after.order), *beside(after.order), events=after.events)
        except CommitConflict:
            order = load(store, order.id) or order
            continue
        return after.order._replace(version=order.version + 1)
    raise StoreUnavailable("an order is contended")


def provider_id_key(provider: str, provider_id: str) -> Key:
    """Finds our reference for notices that name none (e.g. refunds and disputes at card processors)."""
    return Key(f"payment#{provider}#{provider_id}", "payment")


def reference_of(store: Store, provider: str, provider_id: str) -> str:
    """Our reference of a payment that is only named by the party's id; "" if it is none of ours."""
    if not provider_id or len(provider_id) > 128:
        return ""
    item = store.get(provider_id_key(provider, provider_id))
    return "" if item is None else str(item.fields["reference"])


def _keep_orphan(store: Store, provider: str, notice: Notice, now: int) -> Outcome:
    """Genuine news of a payment that is not ours: kept for a person, then acknowledged so that it ends. Another system
    of the merchant chose its reference: no card number that stands in one is kept."""
    from twinshore.card_numbers import without_card_numbers

    shown = {name: without_card_numbers(getattr(notice, name), MASK) for name in _WORDS_OF_OTHERS}
    fields = {
        **shown,
        "state": notice.state,
        "amount": None if notice.amount is None else list(notice.amount),
        "occurred_at": notice.occurred_at,
        "refund_state": notice.refund_state,
        "at": now,
    }
    key = Key(f"orphan#{provider}#{without_card_numbers(notice.id, MASK)}"[:256], "orphan")
    try:
        store.commit(Create(key, fields, expires_at=now + ORPHAN_SECONDS))
    except CommitConflict:
        pass  # the same news again
    return Outcome(ORPHANED)
