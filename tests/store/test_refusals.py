"""What no store takes, so that what one engine takes, all take. Refused before the engine hears of it."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from twinshore.events import Event
from twinshore.store.port import CommitConflict, Create, Delete, Due, Increment, Key, Replace, Require, StoreUnavailable

K = Key("order#refused", "order")
OTHER = Key("order#refused", "other")
EVENT = Event("e-1", "order.made", 1, {})


class Text(str):
    pass


def deep(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"inner": value}
    return value


REFUSED: list[tuple[str, type[Exception], tuple[Any, ...], tuple[Event, ...]]] = [
    ("nothing", ValueError, (), ()),
    ("26 changes", ValueError, tuple(Create(Key("p", str(n)), {}) for n in range(26)), ()),
    ("a key twice", ValueError, (Create(K, {}), Require(K)), ()),
    ("a float", TypeError, (Create(K, {"n": 1.5}),), ()),
    ("a whole float", TypeError, (Create(K, {"n": [{"x": 2.0}]}),), ()),
    ("NaN", TypeError, (Replace(K, {"n": float("nan")}, 1),), ()),
    ("bytes", TypeError, (Create(K, {"n": b""}),), ()),
    ("a tuple", TypeError, (Create(K, {"n": (1,)}),), ()),
    ("a subclass of str", TypeError, (Create(K, {"n": Text("x")}),), ()),
    ("a set", TypeError, (Create(K, {"n": {1}}),), ()),
    ("no dict", TypeError, (Create(K, [1]),), ()),  # type: ignore[arg-type]
    ("a name that is no text", TypeError, (Create(K, {1: 1}),), ()),  # type: ignore[dict-item]
    ("no change", TypeError, (K,), ()),
    ("an empty name", ValueError, (Create(K, {"x": {"": 1}}),), ()),
    ("a long name", ValueError, (Create(K, {"x" * 201: 1}),), ()),
    ("2**63", ValueError, (Create(K, {"n": 2**63}),), ()),
    ("-2**63", ValueError, (Create(K, {"n": [-(2**63)]}),), ()),
    ("by 2**63", ValueError, (Increment(K, "n", 2**63),), ()),
    ("by True", TypeError, (Increment(K, "n", True),), ()),
    ("by a float", TypeError, (Increment(K, "n", 1.0),), ()),  # type: ignore[arg-type]
    ("at least 2**63", ValueError, (Increment(K, "n", 1, 2**63),), ()),
    ("a field without name", ValueError, (Increment(K, "", 1),), ()),
    ("a NUL", ValueError, (Create(K, {"t": "a\0b"}),), ()),
    ("a NUL in a name", ValueError, (Create(K, {"a\0b": 1}),), ()),
    ("a lone surrogate", ValueError, (Create(K, {"t": "\ud83d"}),), ()),
    ("a lone surrogate in a name", ValueError, (Create(K, {"\udc00": 1}),), ()),
    ("an item too large", ValueError, (Create(K, {"t": "x" * 100_000}),), ()),
    ("an item too large in bytes", ValueError, (Create(K, {"t": "\u6c49" * 33_334}),), ()),
    ("an item too deep", ValueError, (Create(K, deep(16)),), ()),
    ("an empty partition", ValueError, (Create(Key("", "s"), {}),), ()),
    ("an empty sort", ValueError, (Delete(Key("p", ""), 1),), ()),
    ("a long partition", ValueError, (Require(Key("p" * 257, "s")),), ()),
    ("a long sort", ValueError, (Create(Key("p", "s" * 257), {}),), ()),
    ("a NUL in a key", ValueError, (Create(Key("p\0", "s"), {}),), ()),
    ("a surrogate in a key", ValueError, (Create(Key("p", "\ud800"), {}),), ()),
    ("a key of numbers", TypeError, (Create(Key(1, "s"), {}),), ()),  # type: ignore[arg-type]
    ("version 0", ValueError, (Replace(K, {}, 0),), ()),
    ("version None", TypeError, (Delete(K, None),), ()),  # type: ignore[arg-type]
    ("version -1", ValueError, (Require(K, -1),), ()),
    ("a queue without name", ValueError, (Create(K, {}, Due("", 1)),), ()),
    ("due before all time", ValueError, (Create(K, {}, Due("q", -1)),), ()),
    ("due at a float", TypeError, (Create(K, {}, Due("q", 1.5)),), ()),  # type: ignore[arg-type]
    ("expiry at a float", TypeError, (Replace(K, {}, 1, None, 1.5),), ()),  # type: ignore[arg-type]
    ("events with a delete", ValueError, (Delete(K, 1),), (EVENT,)),
    ("events with a require", ValueError, (Require(K), Delete(OTHER, 1)), (EVENT,)),
    ("an event twice", ValueError, (Create(K, {}),), (EVENT, EVENT)),
    ("26 events", ValueError, (Create(K, {}),), tuple(EVENT._replace(id=str(n)) for n in range(26))),
    ("an event without id", ValueError, (Create(K, {}),), (EVENT._replace(id=""),)),
    ("an event with a float", TypeError, (Create(K, {}),), (EVENT._replace(data={"n": 0.5}),)),
    (
        "events too large together",
        ValueError,
        (Create(K, {}),),
        tuple(EVENT._replace(id=str(n), data={"t": "x" * 60_000}) for n in range(2)),
    ),
]


@pytest.mark.parametrize(("error", "changes", "events"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_a_commit_out_of_bounds_is_refused_and_writes_nothing(
    store: Any, error: type[Exception], changes: tuple[Any, ...], events: tuple[Event, ...]
) -> None:
    with pytest.raises(error) as caught:
        store.commit(*changes, events=events)
    assert type(caught.value) is error  # not UnicodeEncodeError, which holds the text
    assert store.get(K) is None


@pytest.mark.parametrize(
    ("error", "ask"),
    [
        (ValueError, lambda s: s.get(Key("", "s"))),
        (ValueError, lambda s: s.get(Key("p", "\0"))),
        (ValueError, lambda s: s.query("p", limit=0)),
        (ValueError, lambda s: s.query("p", limit=1001)),
        (ValueError, lambda s: s.query("p", prefix="a", after="b")),
        (ValueError, lambda s: s.query("p" * 257)),
        (ValueError, lambda s: s.query("p", prefix="\ud800")),
        (ValueError, lambda s: s.due("q", 5, limit=0)),
        (ValueError, lambda s: s.due("", 5)),
        (TypeError, lambda s: s.due("q", 5.5)),
    ],
)
def test_a_question_out_of_bounds_is_refused(store: Any, error: type[Exception], ask: Callable[[Any], Any]) -> None:
    with pytest.raises(error):
        ask(store)


def test_no_error_shows_what_an_item_holds(store: Any, fresh: Callable[[str], str]) -> None:
    key = Key(fresh("member-secret"), "profile#secret")
    store.commit(Create(key, {"name": "secret"}))
    for error in (CommitConflict, ValueError):
        changes = {CommitConflict: Create(key, {"name": "secret"}), ValueError: Create(key, {"t": "secret\ud800"})}
        with pytest.raises(error) as caught:
            store.commit(changes[error])
        assert "secret" not in str(caught.value)
    assert "secret" not in str(StoreUnavailable("no answer"))
