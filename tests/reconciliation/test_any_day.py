"""Any day of orders, with any faults in its bill: every fault that was sown is listed, and nothing else is."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.billed_shop import ENTERED
from tests.support.paper_shop import NOW, Shop
from twinshore.money import Money, decimal_text
from twinshore.payments import port
from twinshore.reconciliation import differences as d
from twinshore.reconciliation.csv_bill import CsvBills
from twinshore.reconciliation.days import DAY_SECONDS, day_of
from twinshore.reconciliation.differences import read
from twinshore.reconciliation.reconcile import Party, reconcile
from twinshore.reconciliation.report import facts

PAYMENT_FAULTS = ("", "", "lost", "amount", "currency", "twice", "unheard")
REFUND_FAULTS = ("", "", "lost", "amount", "currency", "twice", "by_hand")
ZONES = ("UTC", "Asia/Shanghai", "America/Los_Angeles")
Names = set[tuple[str, str, str]]


class Plan(NamedTuple):
    """One order of the day and what is wrong with it in the bill."""

    amount_minor: int
    payment: str
    refund_minor: int
    """0: nothing goes back. Nothing can of what we do not know to be paid."""
    refund: str


class Line(NamedTuple):
    reference: str
    kind: str
    amount: Money
    refund_reference: str = ""


plans = st.builds(
    Plan, st.integers(2, 10**7), st.sampled_from(PAYMENT_FAULTS), st.integers(0, 10**6), st.sampled_from(REFUND_FAULTS)
)


class Day:
    """Made as it happens: orders in the shop, lines in the bill, and what a comparison is to find."""

    def __init__(self, folder: str) -> None:
        self.shop = Shop(Path(folder) / "store.db")
        self.lines: list[Line] = []
        self.expected: Names = set()

    def order(self, plan: Plan) -> None:
        amount = Money(plan.amount_minor, "EUR")
        order_id = self.shop.order(amount)
        reference = str(self.shop.start(order_id)["reference"])
        self.shop.paper.pay(reference, self.shop.now)
        if plan.payment == "unheard":
            self.expected.add((d.MISSING_HERE, "payment", reference))
            self.lines.append(Line(reference, "payment", amount))
            return
        self.shop.webhook(self.shop.paper.webhook(reference))
        self._sow(plan.payment, Line(reference, "payment", amount), reference)
        back_minor = min(plan.refund_minor, plan.amount_minor)
        if back_minor:
            self.shop.refund(order_id, back_minor)
            refund_reference = f"{order_id}-r1"
            self._sow(
                plan.refund, Line(reference, "refund", Money(back_minor, "EUR"), refund_reference), refund_reference
            )

    def _sow(self, fault: str, line: Line, name: str) -> None:
        bad = {"amount": line.amount + Money(1, "EUR"), "currency": Money(line.amount.amount_minor, "USD")}
        kind = {"lost": d.MISSING_THERE, "amount": d.AMOUNT_DIFFERS, "currency": d.CURRENCY_DIFFERS,
                "twice": d.TWICE_IN_BILL}.get(fault)  # fmt: skip
        if kind:
            self.expected.add((kind, line.kind, name))
        if fault != "lost":
            self.lines += [line._replace(amount=bad.get(fault, line.amount))] * (2 if fault == "twice" else 1)
        if fault == "by_hand":
            self.lines.append(line._replace(refund_reference=f"hand-{name}"[:32]))
            self.expected.add((d.REFUND_UNKNOWN, "refund", f"hand-{name}"[:32]))

    def strangers(self, count: int) -> None:
        for number in range(count):
            self.lines.append(Line(f"stranger-{number}", "payment", Money(5, "EUR")))
            self.expected.add((d.ORDER_UNKNOWN, "payment", f"stranger-{number}"))

    def bill(self, shuffled: list[Line]) -> str:
        rows = [f"{one.reference},p,{one.kind},{decimal_text(one.amount)},{one.amount.currency},{one.refund_reference}"
                for one in shuffled]  # fmt: skip
        head = "reference,provider_id,kind,amount,currency,refund_reference"
        return "\n".join([head, *rows, f"end,{len(rows)}"])

    def hears(self, order: list[int], zone: str) -> None:
        events = [event for event in self.shop.told() if event.name in ENTERED]
        for number in order:
            event = events[number % len(events)] if events else None
            if event is not None:
                ENTERED[event.name](event, self.shop.store, zone)
        for event in events:  # each at least once, some again
            ENTERED[event.name](event, self.shop.store, zone)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.lists(plans, max_size=8), st.integers(0, 2), st.sampled_from(ZONES))
def test_every_fault_is_listed_and_nothing_else(
    data: st.DataObject, orders: list[Plan], strangers: int, zone: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        day = Day(folder)
        for plan in orders:
            day.order(plan)
        day.strangers(strangers)
        day.hears(data.draw(st.lists(st.integers(0, 20), max_size=5), label="told in this order"), zone)
        text = day.bill(data.draw(st.permutations(day.lines), label="the bill"))
        shop, name = day.shop, day_of(NOW, zone)
        party = Party("paper", shop.paper, CsvBills(text, zone), zone)
        done = reconcile(shop.store, party, name, NOW + DAY_SECONDS)

        found = list(read(shop.store, "paper", name))
        assert {(one.kind, one.line_kind, one.name) for one in found} == day.expected
        assert done.new == len(day.expected)
        settled = {one.name for one in found if one.state == d.SETTLED}
        assert settled == {reference for kind, _, reference in day.expected if kind == d.MISSING_HERE}
        assert all(shop.state(reference[:26]) == port.CAPTURED for reference in settled)
        assert done.matched + len([one for one in found if one.theirs is not None]) == len(day.lines)
        totals = facts(shop.store, "paper", name)["totals"]
        assert sum(one["bill"]["lines"] for one in totals) == len(day.lines)

        again = reconcile(shop.store, party, name, NOW + DAY_SECONDS)
        assert (again.new, again.open) == (0, done.open)
        shop.store.close()
