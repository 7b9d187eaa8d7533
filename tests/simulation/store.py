"""The Store port of a function in bad weather: what stands behind it is the real engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.simulation.faults import (
    COMMITTING,
    CRASH_AFTER,
    CRASH_BEFORE,
    CRASH_READING,
    DOWN_AFTER,
    DOWN_BEFORE,
    DOWN_READING,
    OVERTAKEN,
    READING,
)
from twinshore.events import Event
from twinshore.store.port import Change, Create, Delete, Item, Key, Page, Store, StoreUnavailable

if TYPE_CHECKING:
    from tests.simulation.world import World


class Crash(BaseException):
    """The invocation dies here. No `except Exception` of the code may see it: nobody is there any more."""


class StoreInWeather:
    def __init__(self, world: World, cell: str, engine: Store) -> None:
        self._world = world
        self._cell = cell
        self._engine = engine

    def get(self, key: Key, consistent: bool = True) -> Item | None:
        self._reading()
        return self._engine.get(key, consistent)

    def query(
        self, partition: str, prefix: str = "", after: str | None = None, limit: int = 100, newest_first: bool = False
    ) -> Page:
        self._reading()
        return self._engine.query(partition, prefix, after, limit, newest_first)

    def due(self, queue: str, before: int, limit: int = 100) -> list[Item]:
        self._reading()
        return self._engine.due(queue, before, limit)

    def commit(self, *changes: Change, events: tuple[Event, ...] = ()) -> None:
        world = self._world
        at, fault = world.port_call(COMMITTING)
        if fault == DOWN_BEFORE:
            raise StoreUnavailable("simulated, not committed")
        if fault == CRASH_BEFORE:
            raise Crash
        if fault == OVERTAKEN:
            world.be_overtaken(at)
        self._engine.commit(*changes, events=events)
        world.saw_commit(self._cell, changes)
        if fault == DOWN_AFTER:
            raise StoreUnavailable("simulated, committed")
        if fault == CRASH_AFTER:
            raise Crash

    def _reading(self) -> None:
        at, fault = self._world.port_call(READING)
        if fault == DOWN_READING:
            raise StoreUnavailable("simulated")
        if fault == CRASH_READING:
            raise Crash
        if fault == OVERTAKEN:
            self._world.be_overtaken(at)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


def shown(change: Change) -> str:
    """For the story."""
    what = type(change).__name__.lower()
    kind = change.fields.get("kind") if isinstance(change, Create) else None
    points = change.fields.get("points") if isinstance(change, Create) else None
    more = f" {kind} {points:+d}" if points is not None else ""
    by = "" if isinstance(change, (Create, Delete)) else f" {getattr(change, 'by', '')}".rstrip()
    return f"{what} {change.key.partition}/{change.key.sort}{by}{more}"
