"""Random commits against a store and against a dict that says what the port means. Any difference is a bug."""

from __future__ import annotations

import uuid
from typing import Any, Callable

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from twinshore.store.port import (
    Change,
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

SORTS = ("a", "a#1", "b")
QUEUE = "model"
EXAMPLES = {"sqlite": 60, "postgres": 40, "moto": 10, "ministack": 12}

numbers = st.sampled_from([0, 1, -1, 5, -5, 2**63 - 1, -(2**63) + 1])
fields = st.dictionaries(
    st.sampled_from(["n", "m", "_v", "pk"]), numbers | st.sampled_from(["x", None, [1]]), max_size=3
)
versions = st.integers(1, 4)
dues = st.none() | st.integers(0, 9)
lives = st.none() | st.integers(1, 12)


@st.composite
def changes(draw: st.DrawFn) -> list[Any]:
    """Sort keys and changes, of which `Model.commit` makes keys and queues of its own run."""
    drawn = []
    for sort in draw(st.lists(st.sampled_from(SORTS), min_size=1, max_size=3, unique=True)):
        kind = draw(st.sampled_from([Create, Replace, Increment, Increment, Delete, Require]))
        if kind is Create:
            drawn.append((sort, kind, draw(fields), draw(dues), draw(lives)))
        elif kind is Replace:
            drawn.append((sort, kind, draw(fields), draw(versions), draw(dues), draw(lives)))
        elif kind is Increment:
            at_least = draw(st.none() | st.sampled_from([0, 1, -3, 2**63 - 1]))
            drawn.append((sort, kind, draw(st.sampled_from(["n", "_v"])), draw(numbers), at_least, draw(dues)))
        elif kind is Delete:
            drawn.append((sort, kind, draw(versions)))
        else:
            drawn.append((sort, kind, draw(st.none() | st.integers(0, 3))))
    return drawn


class Oracle:
    """The port's words, on a dict."""

    def __init__(self) -> None:
        self.items: dict[Key, Item] = {}

    def forget_expired(self, now: int) -> None:
        self.items = {k: i for k, i in self.items.items() if i.expires_at is None or i.expires_at > now}

    def commit(self, changes: list[Change]) -> None:
        after = dict(self.items)
        for change in changes:
            current = self.items.get(change.key)
            made = self.made(change, current)
            if made is False:
                raise CommitConflict(change.key, current)
            if isinstance(made, Item):
                after[change.key] = made
            elif made is None:
                del after[change.key]
        self.items = after

    def made(self, change: Change, current: Item | None) -> Item | bool | None:
        """The item to write, None to delete it, True to leave it, False for a conflict."""
        if isinstance(change, Create):
            return current is None and Item(change.key, 1, change.fields, change.due, change.expires_at)
        if isinstance(change, Increment):
            present = 0 if current is None else current.fields.get(change.field, 0)
            if type(present) is not int or abs(present + change.by) >= 2**63:
                return False
            if change.at_least is not None and present + change.by < change.at_least:
                return False
            if current and current.due and change.unless_due_by is not None and current.due.at <= change.unless_due_by:
                return False
            item = current or Item(change.key, 0, {})
            return item._replace(version=item.version + 1, fields={**item.fields, change.field: present + change.by})
        if isinstance(change, Require):
            if change.version is None:
                return current is not None
            return change.version == (current.version if current else 0)
        if current is None or current.version != change.version:
            return False
        if isinstance(change, Delete):
            return None
        return Item(change.key, change.version + 1, change.fields, change.due, change.expires_at)


class Model(RuleBasedStateMachine):
    open_store: Callable[..., Any]

    def __init__(self) -> None:
        super().__init__()
        self.now = 100
        self.store = type(self).open_store(now=lambda: self.now)
        self.oracle = Oracle()
        self.run = uuid.uuid4().hex[:10]
        self.queue = f"{QUEUE}-{self.run}"

    def change(self, sort: str, kind: type, *values: Any) -> Change:
        key = Key(f"model#{self.run}", sort)
        if kind in (Create, Replace):
            *first, due_at, life = values
            due = None if due_at is None else Due(self.queue, due_at)
            return kind(key, *first, due, None if life is None else self.now + life)
        return kind(key, *values)

    @rule(drawn=changes())
    def commit(self, drawn: list[Any]) -> None:
        commit = [self.change(*one) for one in drawn]
        expected = got = None
        try:
            self.oracle.commit(commit)
        except CommitConflict as conflict:
            expected = (conflict.key, conflict.current)
        try:
            self.store.commit(*commit)
        except CommitConflict as conflict:
            got = (conflict.key, conflict.current)
        assert got == expected

    @rule(seconds=st.integers(1, 8))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds
        self.oracle.forget_expired(self.now)

    @rule(sort=st.sampled_from(SORTS))
    def get(self, sort: str) -> None:
        key = Key(f"model#{self.run}", sort)
        assert self.store.get(key) == self.oracle.items.get(key)

    @rule(before=st.integers(0, 9), limit=st.integers(1, 3))
    def due(self, before: int, limit: int) -> None:
        got = self.store.due(self.queue, before, limit)
        waiting = [item for item in self.oracle.items.values() if item.due is not None and item.due.at <= before]
        assert [item.due.at for item in got] == sorted(item.due.at for item in waiting if item.due)[:limit]
        assert all(item in waiting for item in got)

    @invariant()
    def the_partition_is_the_same(self) -> None:
        expected = [self.oracle.items[key] for key in sorted(self.oracle.items)]
        assert self.store.query(f"model#{self.run}").items == expected


def test_a_store_does_what_the_port_says(request: pytest.FixtureRequest, open_store: Callable[..., Any]) -> None:
    stores: dict[str, Any] = {}

    def open_one(now: Callable[[], int]) -> Any:
        # One store for the whole run (a connection each would be too many), with the clock of the present example.
        if not stores:
            stores["one"] = open_store(now=now)
        stores["one"]._now = now
        return stores["one"]

    machine = type("Model", (Model,), {"open_store": staticmethod(open_one)})
    engine = request.node.callspec.params["open_store"]
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES[engine],
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
