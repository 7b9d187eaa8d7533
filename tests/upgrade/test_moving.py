"""All items of a kind are brought into the new shape by a job that may be stopped anywhere, beside code that writes."""

from __future__ import annotations

import uuid
from typing import Any, Callable

import pytest

from twinshore.store.moving import PROGRESS, AnotherIsAtIt, Engine, Progress, move
from twinshore.store.port import Change, Create, Delete, Due, Fields, Item, Key, Replace
from twinshore.store.versions import SCHEMA, Shape, Shapes, Versioned

OpenStore = Callable[..., Any]
NOW = 1_800_000_000
MANY = 25
LIVES = 4_000_000_000
"""Seconds since the epoch: none of these expires."""


class Badges:
    """A kind of item of this test's own, in a store that others use too."""

    def __init__(self, engine: Any) -> None:
        self.engine: Engine = engine
        self.noun = f"badge-{uuid.uuid4().hex[:8]}"
        self.name = f"pass-{self.noun}"
        self.old: Shapes = {self.noun: (Shape("badge", 1, {2: self.back}),)}
        self.new: Shapes = {self.noun: (Shape("badge", 2, {1: self.forth}),)}

    @staticmethod
    def forth(fields: Fields) -> Fields:
        return {**{name: value for name, value in fields.items() if name != "label"}, "title": fields["label"]}

    @staticmethod
    def back(fields: Fields) -> Fields:
        return {**{name: value for name, value in fields.items() if name != "title"}, "label": fields["title"]}

    def key(self, number: int) -> Key:
        return Key(f"{self.noun}#{number:03d}", "badge")

    def fill(self) -> None:
        for number in range(MANY):
            self.engine.commit(
                Create(self.key(number), {"label": f"b{number}"}, Due(self.noun, NOW + number), LIVES),
                Create(Key(f"{self.noun}#{number:03d}", "note"), {"label": "another kind"}),
            )

    def all(self) -> list[Item]:
        return [item for item in map(self.engine.get, map(self.key, range(MANY))) if item is not None]

    def run(self, shapes: Shapes, limit: int = 7) -> Progress:
        while True:
            now = move(self.engine, self.name, shapes, limit)
            if now.done:
                return now


@pytest.fixture
def badges(open_store: OpenStore) -> Badges:
    made = Badges(open_store())
    made.fill()
    return made


def test_a_pass_moves_every_item_and_the_next_finds_nothing(badges: Badges) -> None:
    assert badges.run(badges.new)[1:3] == (MANY, 0)
    for number, item in enumerate(badges.all()):
        assert item.fields == {"title": f"b{number}", SCHEMA: 2}
        assert (item.version, item.due, item.expires_at) == (2, Due(badges.noun, NOW + number), LIVES)
    assert badges.engine.get(Key(f"{badges.noun}#000", "note")).fields == {"label": "another kind"}  # type: ignore[union-attr]
    assert badges.run(badges.new)[1:3] == (0, 0)


def test_a_run_that_was_stopped_goes_on_in_another_process(badges: Badges, open_store: OpenStore) -> None:
    first = move(badges.engine, badges.name, badges.new, 7)
    assert not first.done
    badges.engine = open_store()
    last = badges.run(badges.new)
    assert last.moved == MANY
    assert all(item.fields[SCHEMA] == 2 for item in badges.all())


def test_before_a_rollback_of_two_releases_all_items_go_back(badges: Badges) -> None:
    badges.run(badges.new)
    assert badges.run(badges.old)[1:3] == (MANY, 0)
    assert [item.fields for item in badges.all()] == [{"label": f"b{number}"} for number in range(MANY)]


class Busy:
    """The engine, while older code writes an item just before each write of the job's."""

    def __init__(self, badges: Badges) -> None:
        self._badges = badges
        self._engine = badges.engine
        self.writes = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def commit(self, *changes: Change, events: Any = ()) -> None:
        key = changes[0].key
        if key.partition.startswith(self._badges.noun) and isinstance(changes[0], Replace) and self.writes < MANY:
            old = Versioned(self._engine, self._badges.old)
            item = old.get(key)
            if item is not None and "seen" not in item.fields:
                old.commit(Replace(key, {**item.fields, "seen": True}, item.version, item.due, item.expires_at))
                self.writes += 1
        self._engine.commit(*changes, events=events)


def test_what_others_write_meanwhile_stands(badges: Badges) -> None:
    engine = badges.engine
    busy = Busy(badges)
    badges.engine = busy  # type: ignore[assignment]
    assert badges.run(badges.new)[1:3] == (MANY, 0)
    badges.engine = engine
    assert busy.writes == MANY
    for number, item in enumerate(badges.all()):
        assert item.fields == {"title": f"b{number}", "seen": True, SCHEMA: 2}


def test_an_item_that_went_meanwhile_stays_away(badges: Badges) -> None:
    engine = badges.engine

    class Leaving(Busy):
        def commit(self, *changes: Change, events: Any = ()) -> None:
            key = changes[0].key
            if key == badges.key(3) and isinstance(changes[0], Replace):
                engine.commit(Delete(key, changes[0].version))
            engine.commit(*changes, events=events)

    badges.engine = Leaving(badges)  # type: ignore[assignment]
    badges.run(badges.new)
    assert engine.get(badges.key(3)) is None
    assert len(badges.all()) == MANY - 1


def test_two_runs_at_once_do_no_harm(badges: Badges, open_store: OpenStore) -> None:
    class Overtaken(Busy):
        told = False

        def scan(self, after: Key | None, limit: int) -> Any:
            found = self._engine.scan(after, limit)
            if not self.told:
                self.told = True
                move(self._engine, badges.name, badges.new, limit)
            return found

    with pytest.raises(AnotherIsAtIt):
        move(Overtaken(badges), badges.name, badges.new, 7)  # type: ignore[arg-type]
    badges.run(badges.new)
    assert all(item.fields[SCHEMA] == 2 for item in badges.all())


def test_what_still_newer_code_wrote_is_left_and_counted(badges: Badges) -> None:
    item = badges.engine.get(badges.key(0))
    assert item is not None
    badges.engine.commit(Replace(item.key, {"other": 1, SCHEMA: 3}, item.version))
    assert badges.run(badges.new)[1:3] == (MANY - 1, 1)
    assert badges.engine.get(Key(f"{PROGRESS}#{badges.name}", "progress")) is not None
