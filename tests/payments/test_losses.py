"""Money that is gone for good, and that only a person can find out to be."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest

from tests.support.paper_shop import NOW, Shop
from twinshore.payments import flags, port, resolving
from twinshore.payments.completion import apply
from twinshore.payments.port import Notice
from twinshore.payments.postings import postings_of
from twinshore.payments.resolving import ActionNotOffered, Decision


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path / "store.db")
    yield made
    made.store.close()


def open_flags(shop: Shop) -> list[tuple[str, list[str]]]:
    listed = flags.listed(shop.store, flags.Wanted("open", 20, None))
    return [(flag["reason"], flag["actions"]) for flag in listed["items"]]


def decide(shop: Shop, flag_id: str, action: str) -> str:
    decision = Decision(flag_id, action, "seen by Mei", "crm")
    return str(resolving.resolve(shop.store, shop.tills, decision, shop.now)["status"])


def undone(shop: Shop, reference: str) -> None:
    """The provider says that what it told as captured could not be collected."""
    apply(shop.store, "paper", Notice("u", reference, "", port.FAILED, None, NOW, undone=True), shop.now)
    for event in shop.told("payment.flagged"):
        flags.keep_lists(event, shop.store)


def test_a_capture_that_never_came_is_lost_once_and_what_it_earned_goes_back(shop: Shop) -> None:
    order_id = shop.paid_order()
    undone(shop, f"{order_id}-1")
    assert open_flags(shop) == [("capture_failed", ["lost", "write_off"])]
    assert [decide(shop, f"{order_id}-1-capture_failed", "lost") for _ in range(2)] == ["resolved"] * 2
    (lost,) = shop.told("payment.lost")
    assert (lost.data["amount_minor"], lost.data["taken_back_minor"], lost.data["currency"]) == (1299, 1299, "EUR")
    shop.post_all()
    by_account: dict[str, int] = {}
    for line in (line for lines in postings_of(shop.store, order_id) for line in lines):
        by_account[line.account] = by_account.get(line.account, 0) + line.amount.amount_minor
    assert set(by_account.values()) == {0}
    undone(shop, f"{order_id}-1")
    assert open_flags(shop) == [] and len(shop.told("payment.lost")) == 1


def test_of_a_payment_that_was_refunded_in_part_the_rest_is_lost(shop: Shop) -> None:
    order_id = shop.paid_order()
    shop.refund(order_id, 300)
    shop.poll()
    undone(shop, f"{order_id}-1")
    decide(shop, f"{order_id}-1-capture_failed", "lost")
    assert [event.data["amount_minor"] for event in shop.told("payment.lost")] == [
        1299 - shop.read(order_id).attempts[0].refunded_minor
    ]


def test_what_was_never_counted_cannot_be_lost(shop: Shop) -> None:
    reference = shop.start(shop.order())["reference"]
    undone(shop, reference)
    with pytest.raises(ActionNotOffered):
        decide(shop, f"{reference}-capture_failed", "lost")
    assert decide(shop, f"{reference}-capture_failed", "write_off") == "resolved"
