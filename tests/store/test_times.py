"""Items that expire and items that wait for a time, on every engine."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from twinshore.store.port import Create, Delete, Due, Increment, Item, Key, Replace, Require

Refusal = Callable[..., tuple[Key, "Item | None"]]


class Clock:
    def __init__(self, at: int) -> None:
        self.at = at

    def __call__(self) -> float:
        return float(self.at)


class TestExpiry:
    @pytest.fixture
    def clock(self) -> Clock:
        return Clock(1_000)

    @pytest.fixture
    def timed(self, open_store: Callable[..., Any], clock: Clock) -> Any:
        return open_store(now=clock)

    def test_an_expired_item_is_not_shown(self, timed: Any, clock: Clock, key: Key) -> None:
        queue = key.partition
        timed.commit(Create(key, {"n": 1}, Due(queue, 900), expires_at=1_001))
        timed.commit(Create(Key(key.partition, "z"), {}, Due(queue, 950)))
        assert timed.get(key) is not None
        clock.at = 1_001
        assert timed.get(key) is None
        assert [item.key.sort for item in timed.query(key.partition, limit=1).items] == ["z"]
        assert [item.key.sort for item in timed.due(queue, 1_000, limit=1)] == ["z"]

    @pytest.mark.parametrize("change", ["replace", "delete", "require", "require version"])
    def test_an_expired_item_fails_conditions_as_an_absent_one(
        self, timed: Any, refusal: Refusal, clock: Clock, key: Key, change: str
    ) -> None:
        timed.commit(Create(key, {"n": 1}, expires_at=1_001))
        clock.at = 1_001
        changes = {
            "replace": Replace(key, {}, 1),
            "delete": Delete(key, 1),
            "require": Require(key),
            "require version": Require(key, 1),
        }
        assert refusal(timed, changes[change]) == (key, None)

    def test_an_expired_item_may_be_made_anew(self, timed: Any, clock: Clock, key: Key, other: Key) -> None:
        timed.commit(Create(key, {"n": 1}, Due("polls", 5), expires_at=1_001))
        clock.at = 1_001
        timed.commit(Require(key, 0), Create(other, {}, Due("polls", 5), expires_at=2_000))
        timed.commit(Create(key, {"n": 2}, expires_at=2_000))
        assert timed.get(key) == Item(key, 1, {"n": 2}, None, 2_000)

    def test_an_increment_of_an_expired_item_starts_anew(
        self, timed: Any, refusal: Refusal, clock: Clock, key: Key, other: Key
    ) -> None:
        timed.commit(Create(key, {"n": 7, "old": 1}, Due("polls", 5), expires_at=1_001))
        clock.at = 1_001
        assert refusal(timed, Increment(key, "n", -1, at_least=0)) == (key, None)
        timed.commit(Create(other, {}), Increment(key, "n", 2))
        assert timed.get(key) == Item(key, 1, {"n": 2})
        timed.commit(Increment(key, "n", 2))
        assert timed.get(key) == Item(key, 2, {"n": 4})

    @pytest.mark.parametrize("open_store", ["sqlite", "postgres"], indirect=True)  # TTL is DynamoDB's own work
    def test_expired_items_are_swept_and_others_stay(self, timed: Any, clock: Clock, key: Key, other: Key) -> None:
        timed.commit(Create(key, {}, expires_at=1_001), Create(other, {}, expires_at=1_002))
        clock.at = 1_001
        assert timed.delete_expired() >= 1
        assert timed.delete_expired() == 0
        clock.at = 0
        assert timed.get(key) is None
        assert timed.get(other) is not None


class TestDue:
    def test_what_is_due_comes_oldest_first(self, store: Any, fresh: Callable[[str], str]) -> None:
        queue = fresh("polls")
        for at in (30, 10, 40, 20):
            store.commit(Create(Key(fresh("order"), str(at)), {"at": at}, Due(queue, at)))
        assert [item.fields["at"] for item in store.due(queue, 30)] == [10, 20, 30]
        assert [item.fields["at"] for item in store.due(queue, 30, limit=2)] == [10, 20]
        assert store.due(queue, 9) == []
        assert store.due(queue + "#", 99) == []

    def test_due_moves_and_goes_with_replace_and_delete_and_stays_with_increment(
        self, store: Any, key: Key, fresh: Callable[[str], str]
    ) -> None:
        queue = fresh("polls")
        store.commit(Create(key, {}, Due(queue, 10)))
        store.commit(Increment(key, "tries", 1))
        assert [item.version for item in store.due(queue, 10)] == [2]
        store.commit(Replace(key, {}, 2, Due(queue, 20)))
        assert store.due(queue, 19) == []
        assert [item.due for item in store.due(queue, 20)] == [Due(queue, 20)]
        store.commit(Replace(key, {}, 3))
        assert store.due(queue, 99) == []
        store.commit(Replace(key, {}, 4, Due(queue, 5)))
        store.commit(Delete(key, 5))
        assert store.due(queue, 99) == []

    def test_many_wait_in_one_queue(self, store: Any, fresh: Callable[[str], str]) -> None:
        queue, partition = fresh("polls"), fresh("order")
        for start in range(0, 150, 25):
            store.commit(*(Create(Key(partition, f"{n:03}"), {}, Due(queue, n)) for n in range(start, start + 25)))
        assert [item.due.at for item in store.due(queue, 129, limit=1000)] == list(range(130))
        assert [item.due.at for item in store.due(queue, 999, limit=101)] == list(range(101))
