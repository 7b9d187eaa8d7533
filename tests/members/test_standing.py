"""Tiers as they are kept: news counted once in any order, turns taken by the due index, a history."""

from __future__ import annotations

import itertools
import threading
import uuid
from typing import Any

import pytest

from tests.support.membership import members_on, moment
from twinshore.errors import BrokenInvariant
from twinshore.events import Event
from twinshore.members import consumers, standing
from twinshore.members.standing import QUEUE, history, read, settle_due
from twinshore.money import Money
from twinshore.store.port import Key, StoreUnavailable

NOW = moment("2026-05-10 12:00")
DAY = 86_400


def worth(amount: Money) -> int:
    return amount.amount_minor // 10


@pytest.fixture
def member() -> str:
    return f"m_{uuid.uuid4().hex[:8]}"


def bought(member: str, points: int, order: str = "o1", at: int = NOW) -> Event:
    data = {"member_id": member, "order_id": f"{member}-{order}", "amount_minor": points * 10, "currency": "EUR"}
    return Event(f"payment.captured:{member}-{order}", "payment.captured", at, data)


def returned(member: str, points: int, total: int, order: str = "o1", at: int = NOW) -> Event:
    """A step of `points`, after which `total` of the order has gone back."""
    data = {**bought(member, points, order).data, "taken_back_minor": total * 10}
    return Event(f"payment.refunded:{member}-{order}-{total}", "payment.refunded", at, data)


def tell(members: Any, event: Event, now: int = NOW) -> None:
    consumer = consumers.purchased if event.name == "payment.captured" else consumers.returned
    consumer(event, members, worth, now)


def test_news_counts_once_in_whatever_order_it_comes(store: Any) -> None:
    members, news = members_on(store), []
    for number, order in enumerate(itertools.permutations(range(3))):
        member = f"m_{uuid.uuid4().hex[:8]}"
        news = [bought(member, 6_000), returned(member, 700, 700), returned(member, 500, 1_200)]
        for index in (*order, *order):
            tell(members, news[index], NOW + number)
        held = read(members, member, NOW + 60)
        assert held is not None
        assert (held.points, members.rules.tiers[held.tier].name) == (4_800, "silver")


def test_a_whole_refund_in_steps_leaves_nothing(store: Any, member: str) -> None:
    members, steps = members_on(store), ((333, 333), (667, 1_000))
    for event in (bought(member, 1_000), *(returned(member, step, total) for step, total in steps)):
        tell(members, event)
    held = read(members, member, NOW)
    assert held is not None and (held.points, held.tier) == (0, 0)
    rows = history(members, member)
    assert sorted((row.before, row.after, row.reason) for row in rows) == [
        ("member", "silver", "points_reached"), ("silver", "member", "purchase_refunded"),
    ]  # fmt: skip


def test_a_cycles_end_and_a_graces_end_are_found_by_the_clock(store: Any, member: str) -> None:
    members = members_on(store)
    tell(members, bought(member, 5_000))
    end = moment("2027-05-10 00:00", "Europe/Berlin")
    assert [item.key.partition for item in store.due(QUEUE, end) if member in item.key.partition]
    settle_due(members, end)
    settle_due(members, end + 366 * DAY)
    held = read(members, member, end + 367 * DAY)
    assert held is not None and held.cycle == 2
    settle_due(members, end + 400 * DAY)
    rows = history(members, member)
    assert [(row.before, row.after, row.reason) for row in rows] == [
        ("gold", "silver", "cycle_ended"), ("member", "gold", "points_reached"),
    ]  # fmt: skip
    assert rows[0].at == moment("2028-06-09 00:00", "Europe/Berlin")


def test_reading_shows_what_the_sweep_has_not_written_yet(store: Any, member: str) -> None:
    members = members_on(store)
    tell(members, bought(member, 1_000))
    later = NOW + 800 * DAY
    read_first = read(members, member, later)
    settle_due(members, later)
    assert read(members, member, later) == read_first
    assert read_first is not None and read_first.tier == 0
    assert not [item for item in store.due(QUEUE, later * 2) if member in item.key.partition]  # nothing left to lose


def test_twenty_purchases_at_once_all_count_and_each_change_is_told_once(store: Any, member: str) -> None:
    members = members_on(store)

    def run(number: int) -> None:
        for _ in range(40):
            try:
                tell(members, bought(member, 300, f"o{number}"))
            except StoreUnavailable:  # contended: an event is told again
                continue
            return

    threads = [threading.Thread(target=run, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    held = read(members, member, NOW)
    assert held is not None and (held.points, members.rules.tiers[held.tier].name) == (6_000, "gold")
    assert sorted((row.before, row.after) for row in history(members, member)) == [
        ("member", "silver"), ("silver", "gold"),
    ]  # fmt: skip


def test_a_change_is_an_event_without_anything_personal(store: Any, member: str) -> None:
    members = members_on(store)
    tell(members, bought(member, 1_000))
    (row,) = store.query(standing.partition_of(member), "tier-change#").items
    assert row.fields == {"member_id": member, "from": "member", "to": "silver", "reason": "points_reached", "at": NOW,
                          "cell": "eu"}  # fmt: skip


def test_no_points_no_membership(store: Any, member: str) -> None:
    members = members_on(store)
    tell(members, bought(member, 0))
    assert read(members, member, NOW) is None
    assert history(members, member) == []


def test_a_row_of_another_cell_is_noticed_not_served(store: Any, member: str) -> None:
    tell(members_on(store), bought(member, 1_000))
    elsewhere = members_on(store, "sea")
    with pytest.raises(BrokenInvariant):
        read(elsewhere, member, NOW)
    with pytest.raises(BrokenInvariant):
        history(elsewhere, member)
    assert store.get(Key(standing.partition_of(member), "standing")) is not None


def test_a_row_that_should_not_be_here_does_not_hold_up_the_others(store: Any, member: str) -> None:
    tell(members_on(store), bought(member, 1_000))
    tell(members_on(store, "sea"), bought(f"{member}x", 1_000))
    later = NOW + 800 * DAY
    settle_due(members_on(store), later)
    waiting = [item.key.partition for item in store.due(QUEUE, later, limit=1000) if member in item.key.partition]
    assert waiting == [standing.partition_of(f"{member}x")]
    settle_due(members_on(store, "sea"), later)
