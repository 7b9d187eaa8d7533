"""How far the run of a day has come: a function that was stopped in the middle of a large day goes on at the next part.

One item, written after each part and gone when the day is done: the next run of the same day begins anew. A part is
taken for done only while its lines are the same.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from twinshore.reconciliation.compare import Comparison
from twinshore.reconciliation.differences import partition_of
from twinshore.reconciliation.totals import Totals
from twinshore.store.port import Change, CommitConflict, Create, Delete, Item, Key, Replace, Store

KEEP_SECONDS = 6 * 3600
"""By then our books have heard more, and every part is compared again."""


class Done(NamedTuple):
    """What came of one part."""

    digest: str
    matched: int
    kept: int
    """Differences."""
    left_out: int
    theirs: dict[str, Any]
    ours: dict[str, Any]


class Progress:
    def __init__(self, store: Store, provider: str, day: str) -> None:
        self._store = store
        self._key = Key(partition_of(provider, day), "progress")
        self._item: Item | None = store.get(self._key)
        self._lost = False
        parts = self._item.fields["parts"] if self._item else {}
        self._done: dict[int, Done] = {int(part): Done(*done) for part, done in parts.items()}

    def has(self, part: int, digest: str) -> bool:
        return part in self._done and self._done[part].digest == digest

    def kept_beside(self, part: int) -> int:
        """Differences of the other parts."""
        return sum(done.kept for other, done in self._done.items() if other != part)

    def add(self, part: int, digest: str, found: Comparison, now: int) -> None:
        self._done[part] = Done(
            digest, found.matched, len(found.found), found.left_out, found.theirs.fields(), found.ours.fields()
        )
        fields = {"parts": {str(number): list(done) for number, done in self._done.items()}}
        before, expires_at = self._item, now + KEEP_SECONDS
        change: Change = Create(self._key, fields, expires_at=expires_at)
        if before is not None:
            change = Replace(self._key, fields, before.version, expires_at=expires_at)
        if self._lost:
            return
        try:
            self._store.commit(change)
        except CommitConflict:  # two runs of one day at once: each finishes for itself
            self._lost = True
        else:
            self._item = Item(self._key, before.version + 1 if before else 1, fields)

    def end(self) -> None:
        item = None if self._lost else self._item
        if item is not None:
            try:
                self._store.commit(Delete(self._key, item.version))
            except CommitConflict:
                pass  # the other run's

    def summary(self) -> dict[str, Any]:
        theirs, ours = Totals(), Totals()
        for done in self._done.values():
            theirs.add_all(Totals(done.theirs))
            ours.add_all(Totals(done.ours))
        return {
            "matched": sum(done.matched for done in self._done.values()),
            "not_kept": sum(done.left_out for done in self._done.values()),
            "theirs": theirs.fields(),
            "ours": ours.fields(),
        }
