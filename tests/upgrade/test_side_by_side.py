"""A gradual takeover: older and newer code serve the same members from one store, in whatever turn. Then the newer is
taken back, and later comes again. Nothing is lost, nothing is done twice, and what newer code added stays throughout.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any, Iterator

import pytest

from tests.support.paying_place import PayingPlace
from tests.upgrade.releases import ADDITIONS, NEW, OLD, PACKAGE, Places, make
from twinshore import wiring
from twinshore.payments.order import order_key
from twinshore.points import ledger
from twinshore.points.book import all_entries
from twinshore.store.port import OUTBOX, Fields, Key

PRICE_MINOR, BACK_MINOR, POINTS = 1200, 600, 100
STEPS = ("order", "begin", "pay", "refund")


class Shop(PayingPlace):
    """Each step of an order can be served by another release."""

    def __init__(self, place: Places) -> None:
        super().__init__(place, {})
        self.places = place
        self.made_by: dict[str, list[str]] = {}
        self._clients: dict[str, Any] = {}

    def step(self, order_id: str, release: str) -> str:
        """The next step of the order ("" for a new one), by this release. Gives the order's id."""
        done = self.made_by.get(order_id, [])
        with self.places.served_by(release):
            name = STEPS[len(done)]
            if name == "order":
                order_id = self.order(PRICE_MINOR, f"order-{len(self.made_by)}")
            elif name == "begin":
                begun = self.begin(order_id, f"pay-{order_id}")
                assert begun.status == 201, begun.text
                self._clients[order_id] = begun.json()["client"]
            elif name == "pay":
                self.payer_pays(self._clients[order_id])
                self.wait_for(lambda: self.status(order_id) == "paid" and not self.twin.undelivered())
            else:
                self._refund(order_id)
        self.made_by.setdefault(order_id, []).append(release)
        return order_id

    def _refund(self, order_id: str) -> None:
        body = {"amount_minor": BACK_MINOR, "reason": "half of it"}
        answer = self.call("POST", f"/v1/orders/{order_id}/refunds", body, f"back-{order_id}")
        assert answer.status == 201, answer.text
        self.wait_for(lambda: self.status(order_id, True) == "part_refunded" and not self.twin.undelivered())

    def fields(self, key: Key) -> Fields:
        item = wiring.engine().get(key)
        assert item is not None, key.sort
        return dict(item.fields)

    def check(self) -> None:
        """The books, as they must be by now."""
        refunded = 0
        for order_id, by in self.made_by.items():
            fields = self.fields(order_key(order_id))
            if by[0] == NEW:
                assert fields["channel"] == "mini_program", by
            if len(by) > 1 and by[1] == NEW:
                assert fields["attempts"][0][-1] == "low", by
            if len(by) > 2:
                assert fields["paid_by"] == 1
                assert fields["credited"]
            if len(by) > 3:
                refunded += 1
                assert sum(row[2] for row in fields["refunds"]) == BACK_MINOR
            if by[0] == NEW:
                self.fields(Key(f"opened#{order_id}", "opened"))
        book = wiring.points_of(self.member_id)
        paid = sum(len(by) > 2 for by in self.made_by.values())
        earned = [entry for entry in all_entries(book) if entry.kind == "earn"]
        assert len(earned) == paid
        per_order = earned[0].points
        assert (
            ledger.balance(book)
            == sum(entry.points for entry in all_entries(book))
            == (paid * per_order - refunded * per_order // 2)
        )
        assert self.fields(book.account)["balance"] == ledger.balance(book)


@pytest.fixture
def shop(place: Places, tmp_path: Path) -> Iterator[Shop]:
    made = Shop(place)
    made.start()
    place.take_up(**{OLD: PACKAGE.parent, NEW: make(tmp_path / NEW, ADDITIONS)})
    yield made
    made.stop()


def test_an_orders_steps_are_shared_between_releases_in_every_way(shop: Shop) -> None:
    for releases in itertools.product((OLD, NEW), repeat=len(STEPS)):
        order_id = ""
        for release in releases:
            order_id = shop.step(order_id, release)
    shop.places.tell(OLD, NEW)
    shop.places.tell(NEW)
    shop.check()
    assert len(shop.made_by) == 16


def test_newer_code_is_taken_back_and_comes_again(shop: Shop) -> None:
    orders: list[str] = []
    for phase in (OLD, NEW, OLD, NEW):
        orders = [shop.step(order_id, phase) if len(shop.made_by[order_id]) < 4 else order_id for order_id in orders]
        orders += [shop.step("", phase), shop.step(shop.step("", phase), phase)]
        shop.places.tell(phase)
        if phase == NEW:
            shop.check()
    assert sorted(len(by) for by in shop.made_by.values()) == [1, 2, 2, 3, 3, 4, 4, 4]
    shop.check()


def test_what_newer_code_tells_and_older_does_not_know_waits(shop: Shop) -> None:
    key = Key(f"opened#{shop.step('', NEW)}", "opened")
    if shop.places.table is None:
        for _ in range(3):
            shop.places.tell(OLD)
            assert wiring.engine().get(key) is None
            assert wiring.engine().due(OUTBOX, 2**40), "it is kept"
    shop.places.tell(OLD, NEW)
    shop.places.tell(NEW)
    assert wiring.engine().get(key) is not None
