"""The shape of stored items, and how it changes while older and newer code run side by side (docs/upgrades.md).

Most changes need nothing of this: a field is added, code that does not know it carries it along. Where a field is
renamed or changes its meaning, the kind gets a new shape, in two releases: the first can step back from the new shape
and still writes the old one, the second writes the new one and can step forward from the old. Either may be taken away.

An item of shape 1 says nothing of it; a later shape stands in the item's field SCHEMA, which rooms never see.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any, Callable, Mapping, NamedTuple

from twinshore import log
from twinshore.errors import Unavailable, must
from twinshore.events import Event
from twinshore.store.port import (
    QUERY_LIMIT_ITEMS,
    Change,
    CommitConflict,
    Create,
    Fields,
    Increment,
    Item,
    Key,
    Page,
    Replace,
    Store,
    StoreUnavailable,
)

SCHEMA = "_schema"
RETRY_SECONDS = 30

Step = Callable[[Fields], Fields]
"""The fields in the neighbouring shape. It keeps what it does not know, and leaves the dict it is given as it is."""


class Shape(NamedTuple):
    """How one kind of item is written. Items that are changed by an Increment keep shape 1: nobody reads them first."""

    sort: str
    """The kind's sort keys: `order`, `voucher#*`."""
    writes: int
    steps: Mapping[int, Step]
    """By the shape that an item has: the step to its neighbour, towards `writes`."""


Shapes = Mapping[str, tuple[Shape, ...]]
"""By the noun that the partition begins with."""

SHAPES: Shapes = {}
"""Every item is of shape 1 today."""


class NewerItem(StoreUnavailable, Unavailable):
    """The item was written by newer code, in a shape that this code cannot read. Nothing was changed: where that code
    runs, or runs again, the same request succeeds."""

    slug = "written-by-newer-code"
    title_en = "A newer version of this service keeps this, please try again"
    title_zh = "该数据由新版本服务保存，请稍后重试"

    def __init__(self) -> None:
        super().__init__("written by newer code; nothing was changed", retry_after=RETRY_SECONDS)


def noun_of(key: Key) -> str:
    return key.partition.partition("#")[0]


def shape_of(shapes: Shapes, key: Key) -> Shape | None:
    for shape in shapes.get(noun_of(key), ()):
        if fnmatchcase(key.sort, shape.sort):
            return shape
    return None


def in_our_shape(shapes: Shapes, item: Item) -> Item:
    """The item as this code reads it. Raises NewerItem. An upgraded item is written back by whoever changes it next."""
    shape = shape_of(shapes, item.key) if shapes else None
    fields = item.fields
    if shape is None and SCHEMA not in fields:
        return item
    fields = dict(fields)
    stands = fields.pop(SCHEMA, 1)
    writes, steps = (1, {}) if shape is None else (shape.writes, shape.steps)
    while stands != writes:
        if stands not in steps:
            raise NewerItem
        fields = steps[stands](fields)
        stands += 1 if stands < writes else -1
    return item._replace(fields=fields)


class Versioned:
    """See `port.Store`: the engine, with every item in the shape that this code knows. May also raise NewerItem."""

    def __init__(self, engine: Store, shapes: Shapes = SHAPES) -> None:
        self._engine = engine
        self._shapes = shapes

    def __getattr__(self, name: str) -> Any:
        """What an engine has beside the port."""
        return getattr(self._engine, name)

    def get(self, key: Key, consistent: bool = True) -> Item | None:
        item = self._engine.get(key, consistent)
        return None if item is None else self._read(item)

    def query(
        self, partition: str, prefix: str = "", after: str | None = None, limit: int = 100, newest_first: bool = False
    ) -> Page:
        page = self._engine.query(partition, prefix, after, limit, newest_first)
        return page._replace(items=[self._read(item) for item in page.items])

    def commit(self, *changes: Change, events: tuple[Event, ...] = ()) -> None:
        if self._shapes:
            changes = tuple(self._written(change) for change in changes)
        try:
            self._engine.commit(*changes, events=events)
        except CommitConflict as conflict:
            if conflict.current is not None:
                conflict.current = self._read(conflict.current)
            raise

    def due(self, queue: str, before: int, limit: int = 100) -> list[Item]:
        """What newer code has written waits for newer code, and holds nobody up."""
        wanted = limit
        while True:
            items = self._engine.due(queue, before, wanted)
            known = [item for item in map(self._known, items) if item is not None]
            if len(known) >= limit or len(items) < wanted or wanted == QUERY_LIMIT_ITEMS:
                if len(known) < len(items):
                    log.line("warning", "items of newer code wait", queue=queue, waiting=len(items) - len(known))
                return known[:limit]
            wanted = min(2 * wanted, QUERY_LIMIT_ITEMS)

    def _read(self, item: Item) -> Item:
        try:
            return in_our_shape(self._shapes, item)
        except NewerItem:
            log.line("error", "an item was written by newer code", item_kind=noun_of(item.key))
            raise

    def _known(self, item: Item) -> Item | None:
        try:
            return in_our_shape(self._shapes, item)
        except NewerItem:
            return None

    def _written(self, change: Change) -> Change:
        shape = shape_of(self._shapes, change.key)
        if shape is None:
            return change
        must(not isinstance(change, Increment), "an item that is counted without being read keeps shape 1")
        if shape.writes > 1 and isinstance(change, (Create, Replace)):
            return change._replace(fields={**change.fields, SCHEMA: shape.writes})
        return change
