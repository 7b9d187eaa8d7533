"""Three mistakes that a points ledger can have, put between the product and its ports: the simulator must find each."""

from __future__ import annotations

import itertools
from typing import Any

from twinshore.events import Event
from twinshore.store.port import Change, Create, Increment, Replace, Store


class _Around:
    def __init__(self, engine: Store) -> None:
        self._engine: Any = engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


class NoIdempotencyCheck(_Around):
    """A redemption's entry lies under a key of its own each time, so that a repeated request meets none."""

    def __init__(self, engine: Store) -> None:
        super().__init__(engine)
        self._numbers = itertools.count()

    def commit(self, *changes: Change, events: tuple[Event, ...] = ()) -> None:
        self._engine.commit(*(self._fresh(change) if _is_entry(change, "redeem") else change for change in changes),
                            events=events)  # fmt: skip

    def _fresh(self, change: Any) -> Create:
        return change._replace(key=change.key._replace(sort=f"{change.key.sort}{next(self._numbers)}"))  # type: ignore[no-any-return]


class SweptTwice(_Around):
    """What a timer does is done once more, whatever the versions say by then."""

    def commit(self, *changes: Change, events: tuple[Event, ...] = ()) -> None:
        self._engine.commit(*changes, events=events)
        swept = [change for change in changes if _is_entry(change, "expire") or _is_entry(change, "release")]
        if swept:
            points = sum(change.fields["points"] for change in swept)
            self._engine.commit(*(self._again(change, points) for change in changes))

    def _again(self, change: Any, points: int) -> Change:
        if isinstance(change, Create):
            return change._replace(key=change.key._replace(sort=f"{change.key.sort}again"))
        if isinstance(change, Replace):
            current = self._engine.get(change.key)
            fields = dict(current.fields)
            if "balance" in fields:
                fields["balance"] += points
            return Replace(change.key, fields, current.version, change.due, change.expires_at)
        return Increment(change.key, "balance", 0)


def _is_entry(change: Any, kind: str) -> bool:
    return isinstance(change, Create) and change.key.sort.startswith("entry#") and change.fields["kind"] == kind
