"""Conditions hold or the whole commit is refused, with the item as it is, on every engine."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from twinshore.events import Event
from twinshore.store.port import Create, Delete, Due, Increment, Item, Key, Replace, Require

Refusal = Callable[..., tuple[Key, "Item | None"]]


class TestConditions:
    def test_create_refuses_what_exists_and_shows_it(self, store: Any, refusal: Refusal, key: Key) -> None:
        store.commit(Create(key, {"by": "first"}))
        assert refusal(store, Create(key, {"by": "second"})) == (key, Item(key, 1, {"by": "first"}))

    def test_replace_takes_the_version_it_saw_and_replaces_everything(
        self, store: Any, refusal: Refusal, key: Key
    ) -> None:
        store.commit(Create(key, {"state": "pending", "old": 1}, Due("polls", 1), 9_999_999_999))
        store.commit(Replace(key, {"state": "paid"}, 1))
        paid = Item(key, 2, {"state": "paid"})
        assert store.get(key) == paid
        assert refusal(store, Replace(key, {"state": "late"}, 1)) == (key, paid)

    def test_replace_and_delete_of_nothing_conflict_with_nothing(self, store: Any, refusal: Refusal, key: Key) -> None:
        assert refusal(store, Replace(key, {}, 1)) == (key, None)
        assert refusal(store, Delete(key, 1)) == (key, None)

    def test_delete_takes_the_version_it_saw(self, store: Any, refusal: Refusal, key: Key) -> None:
        store.commit(Create(key, {}))
        assert refusal(store, Delete(key, 2)) == (key, Item(key, 1, {}))
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
        self, store: Any, refusal: Refusal, key: Key, other: Key, made: bool, version: int | None, holds: bool
    ) -> None:
        if made:
            store.commit(Create(key, {"n": 1}))
        before = store.get(key)
        if holds:
            store.commit(Require(key, version), Create(other, {}))
        else:
            assert refusal(store, Require(key, version), Create(other, {})) == (key, before)
        assert store.get(key) == before
        assert (store.get(other) is not None) == holds

    def test_require_alone_is_a_question(self, store: Any, refusal: Refusal, key: Key) -> None:
        store.commit(Require(key, 0))
        assert refusal(store, Require(key)) == (key, None)

    def test_the_first_failure_in_the_order_given_is_told_and_nothing_is_written(
        self, store: Any, refusal: Refusal, fresh: Callable[[str], str]
    ) -> None:
        # Out of key order on purpose: an engine that sorts must still answer in the caller's order.
        z, a, m, n = (Key(fresh(name), "x") for name in "zamn")
        store.commit(Create(a, {"n": 1}), Create(m, {"n": 1}), Create(z, {"n": 1}))
        event = Event(fresh("told"), "x.done", 1, {})
        changes = (Create(n, {}), Increment(z, "n", 1), Replace(m, {}, 7), Delete(a, 9))
        assert refusal(store, *changes, events=(event,)) == (m, Item(m, 1, {"n": 1}))
        assert [store.get(key) for key in (a, m, n, z)] == [
            Item(a, 1, {"n": 1}),
            Item(m, 1, {"n": 1}),
            None,
            Item(z, 1, {"n": 1}),
        ]
        assert store.due("outbox", 10**10) == [] or all(
            item.fields["id"] != event.id for item in store.due("outbox", 10**10, 1000)
        )

    def test_an_event_told_before_is_no_hindrance(
        self, store: Any, refusal: Refusal, key: Key, other: Key, fresh: Callable[[str], str]
    ) -> None:
        told, more = (Event(fresh(name), "x.done", 1, {"n": 1}) for name in ("told", "more"))
        store.commit(Create(key, {"n": 1}), events=(told,))
        increment, again = Increment(key, "n", 4), told._replace(data={"n": 2})
        assert refusal(store, Create(key, {}), increment._replace(key=other), events=(again, more)) == (
            key,
            Item(key, 1, {"n": 1}),
        )
        assert store.get(other) is None
        store.commit(Create(other, {}), increment, events=(again,))
        assert (store.get(key), store.get(other)) == (Item(key, 2, {"n": 5}), Item(other, 1, {}))
        waiting = [item.fields for item in store.due("outbox", 10**10, 1000)]
        assert [fields["data"] for fields in waiting if fields["id"] == told.id] in ([], [{"n": 1}])
        assert more.id not in [fields["id"] for fields in waiting]


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
        self, store: Any, refusal: Refusal, key: Key, start: int | None, by: int, at_least: int | None, end: int | None
    ) -> None:
        if start is not None:
            store.commit(Create(key, {"n": start, "kept": "x"}, Due("polls", 5)))
        before = store.get(key)
        if end is None:
            assert refusal(store, Increment(key, "n", by, at_least)) == (key, before)
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

    @pytest.mark.parametrize("name", ["points", "a.b", 'a"b', "a b", "$", "积分", "a\\b", "[0]"])
    def test_a_field_may_have_any_name(self, store: Any, refusal: Refusal, key: Key, name: str) -> None:
        text = {"other": 1, "text": '茶 \\ " /'}
        store.commit(Create(key, {**text, name: 5}))
        store.commit(Increment(key, name, 2**62, at_least=0))
        there = Item(key, 2, {**text, name: 5 + 2**62})
        assert store.get(key) == there
        assert refusal(store, Increment(key, name, -6 - 2**62, at_least=0)) == (key, there)

    @pytest.mark.parametrize("value", ["5", True, None, [1], {"n": 1}])
    def test_a_field_that_is_no_number_conflicts(self, store: Any, refusal: Refusal, key: Key, value: Any) -> None:
        store.commit(Create(key, {"n": value}))
        assert refusal(store, Increment(key, "n", 1)) == (key, Item(key, 1, {"n": value}))

    @pytest.mark.parametrize(
        ("due", "unless_due_by", "holds"),
        [(None, 9, True), (10, 9, True), (9, 9, False), (0, 9, False), (9, None, True), (0, 0, False)],
    )
    @pytest.mark.parametrize("beside", [False, True], ids=["alone", "with an entry"])
    def test_what_is_due_is_dealt_with_first(
        self,
        store: Any,
        refusal: Refusal,
        key: Key,
        other: Key,
        due: Any,
        unless_due_by: Any,
        holds: bool,
        beside: bool,
    ) -> None:
        store.commit(Create(key, {"n": 10}, None if due is None else Due("expiry", due)))
        before = store.get(key)
        changes = (*((Create(other, {}),) if beside else ()), Increment(key, "n", -3, 0, unless_due_by))
        if holds:
            store.commit(*changes)
            assert store.get(key) == before._replace(version=2, fields={"n": 7})
        else:
            assert refusal(store, *changes) == (key, before)
            assert store.get(key) == before
        assert (store.get(other) is not None) == (holds and beside)

    def test_what_is_absent_or_has_expired_waits_for_nothing(self, open_store: Any, key: Key, other: Key) -> None:
        moment = [100]
        store = open_store(now=lambda: moment[0])
        store.commit(Create(key, {"n": 10}, Due("expiry", 5), 110))
        moment[0] = 110
        store.commit(Increment(key, "n", 3, unless_due_by=9), Increment(other, "n", 4, unless_due_by=9))
        assert [store.get(each).fields for each in (key, other)] == [{"n": 3}, {"n": 4}]

    def test_two_in_one_commit_move_both_or_none(self, store: Any, refusal: Refusal, key: Key, other: Key) -> None:
        store.commit(Create(key, {"n": 10}))
        store.commit(Increment(key, "n", -4, at_least=0), Increment(other, "n", 4))
        refusal(store, Increment(other, "n", 7), Increment(key, "n", -7, at_least=0))
        assert (store.get(key).fields, store.get(other).fields) == ({"n": 6}, {"n": 4})
