"""What must be true of money after everything has healed: what the parties took and gave back is what orders, postings
and points say, each of it once. The parties' own books are the truth: nothing of ours can change them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Mapping

from tests.simulation.parties import Payment
from tests.simulation.shoppers import GONE_BACK, Heard
from twinshore.money import Money
from twinshore.payments import flags as lists
from twinshore.payments import port
from twinshore.payments.advance import PAID_TWICE, UNRESOLVED
from twinshore.payments.order import AMOUNT_DIFFERS, REQUESTED, SETTLED, Order, OrderAttempt, from_item, load
from twinshore.payments.postings import PROVIDER, postings_of
from twinshore.payments.states import CAPTURED_AFTER_CLOSE, WIRE
from twinshore.points.book import EARN, TAKE_BACK, Entry, Ledger
from twinshore.points.rewards import points_for
from twinshore.store.port import Key

if TYPE_CHECKING:
    from tests.simulation.shoppers import Shoppers
    from tests.simulation.world import World

Entries = Mapping[tuple[str, str], Mapping[str, Entry]]
"""By member and programme."""
NOTHING = Payment("", "", 0, ())


def check(world: World, shoppers: Shoppers, entries: Entries) -> None:
    for cell, party in shoppers.paying.parties.items():
        payments = {payment.reference: payment for payment in party.payments()}
        orders = _orders(world, cell, shoppers)
        for order in orders:
            for attempt in order.attempts:
                payment = payments.pop(order.reference(attempt), NOTHING)
                _agrees(world, order, attempt, payment)
                _closed_late(world, shoppers, order, attempt)
            _paid_once(world, order)
            _refunds_agree(world, order, party.payments())
            _posted(world, cell, order)
            _earned(world, order, entries)
            _listed(world, cell, order)
        if payments:
            world.violated("no party has a payment that nobody here knows of", payments)
    for heard in shoppers.heard.values():
        _still_true(world, heard)


def _orders(world: World, cell: str, shoppers: Shoppers) -> list[Order]:
    items = [world.places[cell].engine.get(Key(f"order#{order_id}", "order")) for order_id in world.orders]
    return [from_item(item) for item in items if item is not None]


def _agrees(world: World, order: Order, attempt: OrderAttempt, payment: Payment) -> None:
    """One attempt: what the party took, and what of it went back."""
    facts = f"{order.reference(attempt)}: {attempt}, flags {order.flags}; the party: {payment}"
    taken = payment.captured_minor
    flagged = {flag.reason: flag for flag in order.flags if flag.attempt == attempt.number}
    if UNRESOLVED in flagged:
        return  # asked for a week, and told loudly: whoever has written it off has taken it on
    if taken and taken != order.amount.amount_minor:
        odd = flagged.get(AMOUNT_DIFFERS)
        if attempt.captured_at or odd is None or odd.amount_minor != taken:
            world.violated("another amount than was ordered is flagged, and not credited", facts)
        return
    if bool(taken) != bool(attempt.captured_at) or (taken and attempt.state not in SETTLED):
        world.violated("what a party has taken is known here, and nothing else", facts)
    if attempt.state not in (port.CLOSED, *SETTLED):
        world.violated("no attempt is left open", facts)
    if attempt.refunded_minor != payment.refunded_minor:
        world.violated("what a party has given back is known here, and nothing else", facts)
    whole, part = payment.refunded_minor == taken, payment.refunded_minor > 0
    if taken and attempt.state != (port.REFUNDED if whole else port.PART_REFUNDED if part else port.CAPTURED):
        world.violated("an order says how much went back", facts)


def _closed_late(world: World, shoppers: Shoppers, order: Order, attempt: OrderAttempt) -> None:
    reasons = [flag.reason for flag in order.flags if flag.attempt == attempt.number]
    if CAPTURED_AFTER_CLOSE in reasons and order.reference(attempt) not in shoppers.paying.paid_closed:
        world.violated("an attempt is closed at the party before it is here", f"{order.reference(attempt)}: {reasons}")


def _paid_once(world: World, order: Order) -> None:
    """One attempt pays an order; any other that was paid is flagged, and its money is no part of it."""
    taken = [one for one in order.attempts if one.captured_at]
    second = {flag.attempt for flag in order.flags if flag.reason == PAID_TWICE}
    if bool(taken) != bool(order.paid_by) or {one.number for one in taken} - second - {order.paid_by}:
        world.violated("an order is paid once, and a second payment is held", f"{order.id}: {taken}, {order.flags}")
    held = [flag for flag in order.flags if flag.attempt == order.paid_by and flag.reason == CAPTURED_AFTER_CLOSE]
    accepted = any(flag.action == lists.ACCEPT for flag in held)
    if order.paid_by and order.credited != (not held or accepted):
        world.violated("what came after the close is credited if a person says so", f"{order.id}: {order}")


def _refunds_agree(world: World, order: Order, payments: object) -> None:
    """Each refund that was promised is one at the party, or none; and each wish is one refund."""
    there: Counter[str] = Counter()
    for payment in payments:  # type: ignore[attr-defined]
        if payment.reference.startswith(order.id):
            for reference, minor in payment.refunds:
                there[reference] += minor
    there.pop("", None)
    said = {order.refund_reference(one): one for one in order.refunds}
    given_up = {flag.about for flag in order.flags if flag.reason == UNRESOLVED}
    for reference, refund in said.items():
        if reference in given_up:
            there.pop(reference, 0)
            continue
        wanted = refund.amount_minor if refund.state == port.REFUNDED else 0
        if refund.state not in (REQUESTED, port.REFUNDED, port.FAILED) or there.pop(reference, 0) != wanted:
            world.violated("a refund is here what it is at the party", f"{reference}: {refund}, flags {order.flags}")
    if there:
        world.violated("a refund is here what it is at the party", f"{order.id}: {there}")
    wishes = Counter(one.request for one in order.refunds if one.state == port.REFUNDED)
    if any(count > 1 for count in wishes.values()):
        world.violated("a wish is one refund", f"{order.id}: {order.refunds}")


def _posted(world: World, cell: str, order: Order) -> None:
    """The postings of an order are what was credited less what went back, and cancel in each currency."""
    found = postings_of(world.places[cell].engine, order.id)
    for lines in found:
        sums: Counter[str] = Counter()
        for line in lines:
            sums[line.amount.currency] += line.amount.amount_minor
        if any(sums.values()):
            world.violated("a posting's lines cancel", f"{order.id}: {lines}")
    owed = sum(line.amount.amount_minor for lines in found for line in lines if line.account == PROVIDER)
    if owed != _left_minor(order):
        world.violated("postings are the money that is here, counted once", f"{order.id}: {owed}, {order}")


def _left_minor(order: Order) -> int:
    paid = order.attempt(order.paid_by)
    return order.amount.amount_minor - paid.refunded_minor if paid is not None and order.credited else 0


def _earned(world: World, order: Order, entries: Entries) -> None:
    """Points of what was credited, once; and of what went back, as far as they were still there."""
    place, programme = world.places[order.cell], "mainland" if order.cell == "cn" else "overseas"
    mine = [entry for entry in entries[order.member_id, programme].values() if entry.reason == order.id]
    earned = [entry.amount for entry in mine if entry.kind == EARN]
    book = Ledger(place.engine, place.residency, order.member_id, programme)
    taken = [entry for entry in mine if entry.kind == TAKE_BACK]
    items = [place.engine.get(book.entry(entry.id)) for entry in taken]
    missing = sum(item.fields.get("shortfall", 0) for item in items if item is not None)
    back = sum(entry.amount for entry in taken) + missing
    wanted = [points_for(order.amount)] if order.credited else []
    if earned != wanted:
        world.violated("a paid order has earned its points once", f"{order.id}: {earned}, not {wanted}; {order}")
    if back != _points_back(order):
        world.violated("what went back took its points along once", f"{order.id}: {back}; {order}")


def _points_back(order: Order) -> int:
    paid = order.attempt(order.paid_by)
    back = paid is not None and order.credited and paid.refunded_minor
    return points_for(Money(back, order.amount.currency)) if back else 0


def _listed(world: World, cell: str, order: Order) -> None:
    """Whoever looks at the list sees each flag that is open, and none that is not."""
    engine = world.places[cell].engine
    for status in (lists.OPEN, lists.RESOLVED):
        items = lists.listed(engine, lists.Wanted(status, 1000, None))["items"]
        listed = sorted(item["id"] for item in items if item["order_id"] == order.id)
        kept = sorted(order.flag_id(flag) for flag in order.flags if bool(flag.action) == (status == lists.RESOLVED))
        if listed != kept:
            world.violated("the lists of flags are what the orders say", f"{status}: {listed}, not {kept}")


def _still_true(world: World, heard: Heard) -> None:
    """What a door has said with a 2xx is so."""
    cell, said = heard.call.cell, heard.answer
    order = load(world.places[cell].engine, said["order_id"])
    facts = f"{heard.action.id} was told {said}, there is {order}"
    if order is None or order.member_id != heard.call.name:
        world.violated("an acknowledged answer is still true", facts)
        return
    if heard.step == "pay" and said["reference"] not in [order.reference(one) for one in order.attempts]:
        world.violated("an acknowledged answer is still true", facts)
    if heard.step == "back":
        refund = next((one for one in order.refunds if order.refund_reference(one) == said["reference"]), None)
        if refund is None or (said["status"] == "refunded" and refund.state != port.REFUNDED):
            world.violated("an acknowledged answer is still true", facts)
    before = said.get("order_status") or said.get("status", "")
    if before in GONE_BACK and GONE_BACK.get(WIRE[order.state(int(world.now))], -1) < GONE_BACK[before]:
        world.violated("what was paid stays paid", facts)
