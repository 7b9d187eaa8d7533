"""What every store promises, on every engine. See `twinshore.store.port`."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from twinshore.events import Event
from twinshore.store.dynamodb import DynamoStore
from twinshore.store.port import (
    CommitConflict,
    Create,
    Delete,
    Due,
    Increment,
    Item,
    Key,
    Replace,
    Require,
)

FIELDS = {
    "text": "a\u00e9\u6c49\U0001f60e'\"\\%s",
    "number": 2**63 - 1,
    "negative": -(2**63) + 1,
    "yes": True,
    "nothing": None,
    "list": [1, [], {}, ["x", None]],
    "object": {"pk": 1, "_version": "2", "\u00e9": {"deep": [{"er": 0}]}},
    "empty": "",
    "pk": "taken for a key",
    "sk": 7,
    "_version": "taken for ours",
    "__twice": 1,
    "select": "a word of SQL",
    "size": "a word of DynamoDB",
}


class Clock:
    def __init__(self, at: int) -> None:
        self.at = at

    def __call__(self) -> float:
        return float(self.at)


@pytest.fixture
def key(fresh: Callable[[str], str]) -> Key:
    return Key(fresh("order"), "order")


@pytest.fixture
def other(fresh: Callable[[str], str]) -> Key:
    return Key(fresh("account"), "balance")


def current_after_conflict(store: Any, *changes: Any, events: tuple[Event, ...] = ()) -> tuple[Key, Item | None]:
    with pytest.raises(CommitConflict) as caught:
        store.commit(*changes, events=events)
    return caught.value.key, caught.value.current


class TestReading:
    def test_an_item_comes_back_as_it_was_written(self, store: Any, key: Key) -> None:
        store.commit(Create(key, FIELDS, Due("polls", 5), 9_999_999_999))
        assert store.get(key) == Item(key, 1, FIELDS, Due("polls", 5), 9_999_999_999)
        assert store.get(key, consistent=False) == store.get(key)

    def test_no_item_is_none(self, store: Any, key: Key) -> None:
        assert store.get(key) is None

    def test_keys_may_be_as_long_as_the_port_says(self, store: Any, fresh: Callable[[str], str]) -> None:
        key = Key((fresh("\U0001f60e") + "\U0001f60e" * 256)[:256], "\U0001f60e" * 256)
        store.commit(Create(key, {"n": 1}, Due("q" * 100, 1)))
        assert store.get(key).key == key
        assert [item.key for item in store.query(key.partition).items] == [key]


class TestQuery:
    # By code point: not as a locale or UTF-16 would sort.
    SORTS = ("A", "B", "a", "a#1", "a#10", "a#2", "b", "\u00e9", "\ud7ff", "\uffee", "\U0001f60e", "\U0010ffff")

    @pytest.fixture
    def partition(self, store: Any, fresh: Callable[[str], str]) -> str:
        partition = fresh("member")
        store.commit(*(Create(Key(partition, sort), {"sort": sort}) for sort in reversed(self.SORTS)))
        store.commit(Create(Key(partition + "0", "a"), {}))
        return partition

    def test_items_of_a_partition_come_in_code_point_order(self, store: Any, partition: str) -> None:
        assert [item.key.sort for item in store.query(partition).items] == list(self.SORTS)
        newest = store.query(partition, newest_first=True).items
        assert [item.key.sort for item in newest] == list(reversed(self.SORTS))

    @pytest.mark.parametrize("prefix", ["a", "a#", "a#1", "\ud7ff", "\U0010ffff", "z", "A"])
    def test_a_prefix_chooses(self, store: Any, partition: str, prefix: str) -> None:
        page = store.query(partition, prefix=prefix)
        assert [item.key.sort for item in page.items] == [sort for sort in self.SORTS if sort.startswith(prefix)]
        assert page.next is None

    @pytest.mark.parametrize("newest_first", [False, True])
    @pytest.mark.parametrize("limit", [1, 5, 6, 11, 12, 1000])
    def test_pages_join_to_the_whole(self, store: Any, partition: str, limit: int, newest_first: bool) -> None:
        got, after = [], None
        while True:
            page = store.query(partition, after=after, limit=limit, newest_first=newest_first)
            got += [item.key.sort for item in page.items]
            after = page.next
            if after is None:
                break
            assert len(page.items) == limit
        assert got == sorted(self.SORTS, reverse=newest_first)

    def test_a_page_that_ends_with_the_last_item_has_no_next(self, store: Any, partition: str) -> None:
        assert store.query(partition, limit=len(self.SORTS)).next is None
        assert store.query(partition, prefix="a#", limit=3).next is None
        assert store.query(partition, prefix="a#", limit=2).next == "a#10"


class TestConditions:
    def test_create_refuses_what_exists_and_shows_it(self, store: Any, key: Key) -> None:
        store.commit(Create(key, {"by": "first"}))
        assert current_after_conflict(store, Create(key, {"by": "second"})) == (key, Item(key, 1, {"by": "first"}))

    def test_replace_takes_the_version_it_saw_and_replaces_everything(self, store: Any, key: Key) -> None:
        store.commit(Create(key, {"state": "pending", "old": 1}, Due("polls", 1), 9_999_999_999))
        store.commit(Replace(key, {"state": "paid"}, 1))
        paid = Item(key, 2, {"state": "paid"})
        assert store.get(key) == paid
        assert current_after_conflict(store, Replace(key, {"state": "late"}, 1)) == (key, paid)

    def test_replace_and_delete_of_nothing_conflict_with_nothing(self, store: Any, key: Key) -> None:
        assert current_after_conflict(store, Replace(key, {}, 1)) == (key, None)
        assert current_after_conflict(store, Delete(key, 1)) == (key, None)

    def test_delete_takes_the_version_it_saw(self, store: Any, key: Key) -> None:
        store.commit(Create(key, {}))
        assert current_after_conflict(store, Delete(key, 2)) == (key, Item(key, 1, {}))
        store.commit(Delete(key, 1))
        assert store.get(key) is None

    @pytest.mark.parametrize(
        ("made", "version", "holds"),
        [
            (True, None, True),
            (True, 1, True),
            (True, 0, False),
            (True, 2, False),
            (False, None, False),
            (False, 1, False),
            (False, 0, True),
        ],
    )
    def test_require_holds_and_writes_nothing(
        self, store: Any, key: Key, other: Key, made: bool, version: int | None, holds: bool
    ) -> None:
        if made:
            store.commit(Create(key, {"n": 1}))
        before = store.get(key)
        if holds:
            store.commit(Require(key, version), Create(other, {}))
        else:
            assert current_after_conflict(store, Require(key, version), Create(other, {})) == (key, before)
        assert store.get(key) == before
        assert (store.get(other) is not None) == holds

    def test_require_alone_is_a_question(self, store: Any, key: Key) -> None:
        store.commit(Require(key, 0))
        assert current_after_conflict(store, Require(key)) == (key, None)

    def test_the_first_failure_in_the_order_given_is_told_and_nothing_is_written(
        self, store: Any, fresh: Callable[[str], str]
    ) -> None:
        # Out of key order on purpose: an engine that sorts must still answer in the caller's order.
        z, a, m, n = (Key(fresh(name), "x") for name in "zamn")
        store.commit(Create(a, {"n": 1}), Create(m, {"n": 1}), Create(z, {"n": 1}))
        event = Event(fresh("told"), "x.done", 1, {})
        changes = (Create(n, {}), Increment(z, "n", 1), Replace(m, {}, 7), Delete(a, 9))
        assert current_after_conflict(store, *changes, events=(event,)) == (m, Item(m, 1, {"n": 1}))
        assert [store.get(key) for key in (a, m, n, z)] == [
            Item(a, 1, {"n": 1}),
            Item(m, 1, {"n": 1}),
            None,
            Item(z, 1, {"n": 1}),
        ]
        assert store.due("outbox", 10**10) == [] or all(
            item.fields["id"] != event.id for item in store.due("outbox", 10**10, 1000)
        )


class TestIncrement:
    @pytest.mark.parametrize(
        ("start", "by", "at_least", "end"),
        [
            (None, 5, None, 5),
            (None, -5, None, -5),
            (None, 0, None, 0),
            (None, -5, 0, None),
            (None, 5, 6, None),
            (None, 5, 5, 5),
            (10, -10, 0, 0),
            (10, -11, 0, None),
            (10, 3, 14, None),
            (10, 3, 13, 13),
            (2**63 - 2, 1, None, 2**63 - 1),
            (2**63 - 1, 1, None, None),
            (-(2**63) + 1, -1, None, None),
            (5, -(2**63) + 1, None, 5 - 2**63 + 1),
            (-5, 2**63 - 1, 2**63 - 1, None),
        ],
    )
    def test_the_sum_stays_in_its_bounds(
        self, store: Any, key: Key, start: int | None, by: int, at_least: int | None, end: int | None
    ) -> None:
        if start is not None:
            store.commit(Create(key, {"n": start, "kept": "x"}, Due("polls", 5)))
        before = store.get(key)
        if end is None:
            assert current_after_conflict(store, Increment(key, "n", by, at_least)) == (key, before)
            assert store.get(key) == before
        else:
            store.commit(Increment(key, "n", by, at_least))
            expected = Item(key, 1, {"n": end})
            assert store.get(key) == (
                expected if before is None else before._replace(version=2, fields={"n": end, "kept": "x"})
            )

    def test_an_absent_field_counts_as_nothing(self, store: Any, key: Key) -> None:
        store.commit(Create(key, {"kept": "x"}))
        store.commit(Increment(key, "_n", -2))
        assert store.get(key) == Item(key, 2, {"kept": "x", "_n": -2})

    @pytest.mark.parametrize("value", ["5", True, None, [1], {"n": 1}])
    def test_a_field_that_is_no_number_conflicts(self, store: Any, key: Key, value: Any) -> None:
        store.commit(Create(key, {"n": value}))
        assert current_after_conflict(store, Increment(key, "n", 1)) == (key, Item(key, 1, {"n": value}))

    def test_two_in_one_commit_move_both_or_none(self, store: Any, key: Key, other: Key) -> None:
        store.commit(Create(key, {"n": 10}))
        store.commit(Increment(key, "n", -4, at_least=0), Increment(other, "n", 4))
        current_after_conflict(store, Increment(other, "n", 7), Increment(key, "n", -7, at_least=0))
        assert (store.get(key).fields, store.get(other).fields) == ({"n": 6}, {"n": 4})


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
        self, timed: Any, clock: Clock, key: Key, change: str
    ) -> None:
        timed.commit(Create(key, {"n": 1}, expires_at=1_001))
        clock.at = 1_001
        changes = {
            "replace": Replace(key, {}, 1),
            "delete": Delete(key, 1),
            "require": Require(key),
            "require version": Require(key, 1),
        }
        assert current_after_conflict(timed, changes[change]) == (key, None)

    def test_an_expired_item_may_be_made_anew(self, timed: Any, clock: Clock, key: Key, other: Key) -> None:
        timed.commit(Create(key, {"n": 1}, Due("polls", 5), expires_at=1_001))
        clock.at = 1_001
        timed.commit(Require(key, 0), Create(other, {}, Due("polls", 5), expires_at=2_000))
        timed.commit(Create(key, {"n": 2}, expires_at=2_000))
        assert timed.get(key) == Item(key, 1, {"n": 2}, None, 2_000)

    def test_an_increment_of_an_expired_item_starts_anew(self, timed: Any, clock: Clock, key: Key, other: Key) -> None:
        timed.commit(Create(key, {"n": 7, "old": 1}, Due("polls", 5), expires_at=1_001))
        clock.at = 1_001
        assert current_after_conflict(timed, Increment(key, "n", -1, at_least=0)) == (key, None)
        timed.commit(Create(other, {}), Increment(key, "n", 2))
        assert timed.get(key) == Item(key, 1, {"n": 2})
        timed.commit(Increment(key, "n", 2))
        assert timed.get(key) == Item(key, 2, {"n": 4})

    def test_expired_items_are_swept_and_others_stay(self, timed: Any, clock: Clock, key: Key, other: Key) -> None:
        if isinstance(timed, DynamoStore):
            return  # the engine's own work there (TTL)
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


class TestLargestCommit:
    def test_25_changes_of_every_kind_are_one_commit(self, store: Any, fresh: Callable[[str], str]) -> None:
        partition = fresh("batch")
        keys = [Key(partition, f"{n:02}") for n in range(25)]
        store.commit(*(Create(key, {"n": n}) for n, key in enumerate(keys)))
        store.commit(
            *(Replace(key, {"n": 100}, 1) for key in keys[:6]),
            *(Increment(key, "n", 1) for key in keys[6:12]),
            *(Delete(key, 1) for key in keys[12:18]),
            *(Require(key, 1) for key in keys[18:]),
        )
        numbers = [item.fields["n"] for item in store.query(partition).items]
        assert numbers == [100] * 6 + list(range(7, 13)) + list(range(18, 25))

    def test_large_items_fit(self, store: Any, fresh: Callable[[str], str]) -> None:
        key = Key(fresh("page"), "x")
        text = "\u6c49" * 33_000
        store.commit(Create(key, {"text": text}))
        assert store.get(key).fields == {"text": text}
