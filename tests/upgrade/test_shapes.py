"""An item of another shape is read in ours, or refused so that the request can be repeated: never misread."""

from __future__ import annotations

import uuid
from typing import Any, Callable

import pytest

from tests.support.doors import Place
from twinshore import wiring
from twinshore.errors import BrokenInvariant
from twinshore.payments.order import order_key
from twinshore.store.port import CommitConflict, Create, Due, Fields, Increment, Key, Replace, Require
from twinshore.store.versions import SCHEMA, SHAPES, NewerItem, Shape, Shapes, Versioned

OpenStore = Callable[..., Any]
NOW = 1_800_000_000


def named_anew(fields: Fields) -> Fields:
    rest = {name: value for name, value in fields.items() if name != "label"}
    return {**rest, "title": fields["label"]}


def named_as_before(fields: Fields) -> Fields:
    rest = {name: value for name, value in fields.items() if name != "title"}
    return {**rest, "label": fields["title"]}


def with_size(fields: Fields) -> Fields:
    return {**fields, "size": len(fields["title"])}


OLD = {"badge": (Shape("badge", 1, {}),)}
READY = {"badge": (Shape("badge", 1, {2: named_as_before}),)}
"""The release before the change: it writes shape 1, and can read shape 2."""
NEW = {"badge": (Shape("badge", 2, {1: named_anew}),)}
LATER = {"badge": (Shape("badge", 3, {1: named_anew, 2: with_size}),)}


@pytest.fixture
def key() -> Key:
    return Key(f"badge#{uuid.uuid4().hex}", "badge")


def test_an_older_item_is_read_in_our_shape_and_written_in_it_by_the_next_change(
    open_store: OpenStore, key: Key
) -> None:
    engine = open_store()
    engine.commit(Create(key, {"label": "gold", "kept": 1}))
    new = Versioned(engine, NEW)
    item = new.get(key)
    assert item is not None and (item.version, item.fields) == (1, {"title": "gold", "kept": 1})
    assert engine.get(key).fields == {"label": "gold", "kept": 1}, "reading writes nothing"
    new.commit(Replace(key, {**item.fields, "seen": True}, item.version))
    assert engine.get(key).fields == {"title": "gold", "kept": 1, "seen": True, SCHEMA: 2}
    assert new.get(key).fields == {"title": "gold", "kept": 1, "seen": True}
    assert Versioned(engine, LATER).get(key).fields["size"] == 4


def test_two_steps_are_taken_one_after_the_other(open_store: OpenStore, key: Key) -> None:
    engine = open_store()
    engine.commit(Create(key, {"label": "gold"}))
    assert Versioned(engine, LATER).get(key).fields == {"title": "gold", "size": 4}
    assert Versioned(engine, LATER).query(key.partition).items[0].fields == {"title": "gold", "size": 4}


def test_the_release_before_steps_back_and_loses_nothing(open_store: OpenStore, key: Key) -> None:
    engine = open_store()
    ready, new = Versioned(engine, READY), Versioned(engine, NEW)
    new.commit(Create(key, {"title": "gold", "kept": 1}))
    item = ready.get(key)
    assert item.fields == {"label": "gold", "kept": 1}
    ready.commit(Replace(key, {**item.fields, "label": "silver"}, item.version))
    assert engine.get(key).fields == {"label": "silver", "kept": 1}
    assert new.get(key).fields == {"title": "silver", "kept": 1}


@pytest.mark.parametrize("shapes", [SHAPES, OLD], ids=["of no shapes", "of the first"])
def test_code_without_a_step_refuses_and_changes_nothing(open_store: OpenStore, key: Key, shapes: Shapes) -> None:
    engine = open_store()
    Versioned(engine, NEW).commit(Create(key, {"title": "gold"}, Due("badges", NOW)))
    old = Versioned(engine, shapes)
    for ask in (
        lambda: old.get(key),
        lambda: old.query(key.partition),
        lambda: old.commit(Create(key, {"label": "silver"})),
        lambda: old.commit(Require(key, 0)),
    ):
        with pytest.raises(NewerItem):
            ask()
    assert engine.get(key).fields == {"title": "gold", SCHEMA: 2}


def test_a_conflict_shows_the_item_in_our_shape(open_store: OpenStore, key: Key) -> None:
    engine = open_store()
    engine.commit(Create(key, {"label": "gold"}))
    with pytest.raises(CommitConflict) as conflict:
        Versioned(engine, NEW).commit(Create(key, {"title": "silver"}))
    assert conflict.value.current is not None and conflict.value.current.fields == {"title": "gold"}


def test_what_newer_code_wrote_holds_nobody_up_in_a_queue(open_store: OpenStore) -> None:
    engine, queue = open_store(), f"badges-{uuid.uuid4().hex}"
    new, old = Versioned(engine, NEW), Versioned(engine, OLD)
    for number in range(5):
        new.commit(Create(Key(f"badge#{queue}{number}", "badge"), {"title": "gold"}, Due(queue, NOW)))
    old.commit(Create(Key(f"badge#{queue}x", "badge"), {"label": "last"}, Due(queue, NOW + 1)))
    assert [item.fields for item in old.due(queue, NOW + 1, 2)] == [{"label": "last"}]
    assert len(new.due(queue, NOW + 1, 100)) == 6


def test_what_is_counted_without_being_read_keeps_its_shape(open_store: OpenStore, key: Key) -> None:
    with pytest.raises(BrokenInvariant):
        Versioned(open_store(), NEW).commit(Increment(key, "points", 1))


def test_a_caller_is_told_to_try_again(at: Place) -> None:
    order_id = "00000000000000000000000000"
    wiring.store().commit(Create(order_key(order_id), {"later": True, SCHEMA: 2}))
    answer = at.call("payments", "GET", f"/v1/orders/{order_id}", token=at.member_token())
    assert (answer.status, answer.problem()) == (503, "written-by-newer-code")
    assert answer.headers["retry-after"] == "30"
