"""Opening and reading orders."""

from __future__ import annotations

from typing import Any, NamedTuple

from twinshore import idempotency
from twinshore.fx import quote as fx
from twinshore.idempotency import Effect, IdempotencyKey, first_answer
from twinshore.ids import new_id
from twinshore.money import Money
from twinshore.payments import port
from twinshore.payments.order import REQUESTED, Order, as_fields, load, order_key, quote_key
from twinshore.payments.states import WIRE
from twinshore.store.port import Change, CommitConflict, Create, Key, Store
from twinshore.tokens import Signer

ORDER_LIFE_SECONDS = 86_400
"""As long as a rate lock: the price of an order is a promise of ours too."""


class NewOrder(NamedTuple):
    """`amount` is the price; with a rate lock (`quote_token`) the lock's other side is charged."""

    buyer: fx.Holder
    description: str
    amount: Money
    request: IdempotencyKey
    lines: tuple[dict[str, Any], ...] = ()
    quote_token: str = ""


def open_order(store: Store, signer: Signer, new: NewOrder, now: int) -> dict[str, Any]:
    """The order as the wire shows it; the same order for the same request, though its lock is used up or over.

    Raises IdempotencyKeyReused; QuoteInvalid, QuoteNotYours, QuoteAmountDiffers, QuoteExpired, QuoteUsed.
    """
    buyer = new.buyer
    known = first_answer(store, new.request, buyer.member_id)
    if known is not None:
        return known
    quote = fx.redeem_quote(new.quote_token, signer, buyer, new.amount, now) if new.quote_token else None
    order = _order(new, quote, now)
    effect = Effect(_changes(order, new, quote), shown(order, now))
    try:
        return idempotency.commit_once(store, new.request, buyer.member_id, effect, now)
    except CommitConflict as conflict:
        if quote is not None and conflict.key == fx.used_key(quote):
            raise fx.QuoteUsed from None
        raise


def _order(new: NewOrder, quote: fx.Quote | None, now: int) -> Order:
    expires_at = now + ORDER_LIFE_SECONDS
    return Order(
        id=new_id(now), cell=new.buyer.cell, member_id=new.buyer.member_id, description=new.description, created_at=now,
        amount=new.amount if quote is None else quote.amount_to,
        expires_at=expires_at if quote is None else min(expires_at, quote.expires_at),
        quoted=None if quote is None else quote.amount_from, version=1,
        lock_ends_at=0 if quote is None else quote.expires_at,
    )  # fmt: skip


def _changes(order: Order, new: NewOrder, quote: fx.Quote | None) -> tuple[Change, ...]:
    changes: list[Change] = [Create(order.key, as_fields(order)), listing_of(order)]
    # What no payment notice moves stands beside the order, so that a notice rewrites a small item.
    if new.lines:
        changes.append(Create(lines_key(order.id), {"lines": list(new.lines)}))
    if quote is not None:
        changes.append(Create(quote_key(order.id), fx.as_json(quote)))
        changes.append(fx.used_change(quote, order.id))
    return tuple(changes)


def listing_of(order: Order) -> Create:
    """Where the member finds it again. Ids begin with their time, so the newest is the last."""
    return Create(Key(_listing(order.member_id), order.id), {})


class Wanted(NamedTuple):
    """A page of a member's own orders."""

    member_id: str
    limit: int
    after: str | None


def listed(store: Store, wanted: Wanted, now: int) -> dict[str, Any]:
    """As the wire shows it, newest first. One query, and a read for each order of the page."""
    page = store.query(_listing(wanted.member_id), after=wanted.after, limit=wanted.limit, newest_first=True)
    found = [load(store, item.key.sort) for item in page.items]
    return {"items": [shown(order, now) for order in found if order is not None], "next": page.next}


def _listing(member_id: str) -> str:
    return f"orders#{member_id}"


def lines_key(order_id: str) -> Key:
    return Key(order_key(order_id).partition, "lines")


def shown(order: Order, now: int) -> dict[str, Any]:
    """What clients see of an order: JSON, times in seconds (`wire.OrderView` turns them into RFC 3339)."""
    view: dict[str, Any] = {
        "order_id": order.id,
        "status": WIRE[order.state(now)],
        "description": order.description,
        "amount": order.amount._asdict(),
        "created_at": order.created_at,
        "expires_at": order.expires_at,
        "needs_review": bool(order.open_flags),
    }
    if order.quoted is not None:
        view["price"] = order.quoted._asdict()
    if order.part_of:
        view["part_of"] = order.part_of
    if order.lock_ends_at:
        view["lock_ends_at"] = order.lock_ends_at
    if order.requoted_minor:
        anew = Money(order.requoted_minor, order.amount.currency)
        view["requote"] = {"amount": anew._asdict(), "difference": (anew - order.amount)._asdict()}
    paid = order.attempt(order.paid_by)
    if paid is not None:
        view["paid_at"] = paid.captured_at
        view["refunded"] = {"amount_minor": paid.refunded_minor, "currency": order.amount.currency}
    if order.refunds:
        view["refunds"] = [shown_refund(order, one.number) for one in order.refunds]
    return view


REFUND_WIRE = {
    REQUESTED: "requested", port.PENDING: "pending", port.REFUNDED: "refunded", port.FAILED: "failed"
}  # fmt: skip
DECLINE = "decline"
"""What a person says to a refund that waits."""


def shown_refund(order: Order, number: int) -> dict[str, Any]:
    refund = next(one for one in order.refunds if one.number == number)
    reference = order.refund_reference(refund)
    declined = any(flag.about == reference and flag.action == DECLINE for flag in order.flags)
    return {
        "reference": reference,
        "status": "declined" if declined else REFUND_WIRE[refund.state],
        "amount": {"amount_minor": refund.amount_minor, "currency": order.amount.currency},
    }
