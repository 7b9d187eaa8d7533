"""Items are brought into the shape that this code writes, before the code that can read the old one goes.

One run looks at a page of the store and notes how far it came, in the store itself: it may be stopped at any moment,
and go on elsewhere. Each item is replaced at the version that was read: whatever functions write meanwhile stands.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from twinshore.store.port import Change, CommitConflict, Create, Item, Key, Replace, Store
from twinshore.store.versions import SCHEMA, NewerItem, Shapes, in_our_shape, shape_of

PAGE_ITEMS = 200
TRIES = 3
PROGRESS = "items-moved"


class Engine(Store, Protocol):
    def scan(self, after: Key | None, limit: int) -> tuple[list[Item], Key | None]: ...


class Progress(NamedTuple):
    """Of one pass through the store."""

    looked_at: int = 0
    moved: int = 0
    left: int = 0
    """Written by others at each try, or by newer code."""
    after: list[str] | None = None
    done: bool = False


class AnotherIsAtIt(Exception):
    """Two runs of the same pass at once: the other goes on."""


def move(engine: Engine, name: str, shapes: Shapes, limit: int = PAGE_ITEMS) -> Progress:
    """The next `limit` items of the pass `name`. After a pass that is done, a new one begins. The old shape may be
    forgotten when a whole pass has moved nothing and left nothing. Raises AnotherIsAtIt, StoreUnavailable."""
    key = Key(f"{PROGRESS}#{name}", "progress")
    held = engine.get(key)
    known = {name: held.fields[name] for name in Progress._fields if name in held.fields} if held is not None else {}
    before = Progress(**known)
    if before.done:
        before = Progress()
    items, last = engine.scan(None if before.after is None else Key(*before.after), limit)
    outcomes = [_moved(engine, shapes, item) for item in items]
    after = Progress(
        before.looked_at + len(items), before.moved + outcomes.count(MOVED), before.left + outcomes.count(LEFT),
        None if last is None else list(last), last is None,
    )  # fmt: skip
    fields: dict[str, Any] = after._asdict()
    change: Change = Create(key, fields) if held is None else Replace(key, fields, held.version)
    try:
        engine.commit(change)
    except CommitConflict:
        raise AnotherIsAtIt from None
    return after


STANDS, MOVED, LEFT = "stands", "moved", "left"


def _moved(engine: Engine, shapes: Shapes, item: Item) -> str:
    shape = shape_of(shapes, item.key)
    found: Item | None = item
    for _ in range(TRIES):
        if found is None or (shape is None and SCHEMA not in found.fields):
            return STANDS
        if shape is not None and found.fields.get(SCHEMA, 1) == shape.writes:
            return STANDS
        try:
            fields = in_our_shape(shapes, found).fields
        except NewerItem:
            return LEFT
        if shape is not None and shape.writes > 1:
            fields = {**fields, SCHEMA: shape.writes}
        try:
            engine.commit(Replace(found.key, fields, found.version, found.due, found.expires_at))
            return MOVED
        except CommitConflict as conflict:
            found = conflict.current
    return LEFT
