"""The Store port: the same on a key-value engine and on SQL, strong enough for money.

Three adapters implement it (`sqlite`, `dynamodb`, `postgres`) and pass one contract suite. Rooms know this module only.

A commit is atomic and serialisable on the items it names. Its events are part of it: where the engine has a change
stream (DynamoDB) they ride on one of the written items, elsewhere they are rows of the outbox in the same commit.
"""

from typing import Any, NamedTuple, Protocol

from twinshore.events import Event

COMMIT_LIMIT_ITEMS = 25
QUERY_LIMIT_ITEMS = 1000
ITEM_LIMIT_BYTES = 100_000
OUTBOX = "outbox"
"""Queue name under which adapters without a change stream keep undelivered events (see `due`)."""

Fields = dict[str, Any]
"""JSON object. Integers are exact up to 2**63 - 1; floats are refused (`TypeError`): money is whole minor units."""


class Key(NamedTuple):
    """`partition` spreads load and bounds a query; `sort` orders items inside it (by code point).

    Both are 1 to 256 characters of UTF-8. By convention `noun#id`, for example `Key("order#01HX", "order")`.
    """

    partition: str
    sort: str


class Due(NamedTuple):
    """The item waits in `queue` until `at` (seconds since the epoch); `Store.due` finds it from then on."""

    queue: str
    at: int


class Item(NamedTuple):
    key: Key
    version: int
    """1 when created, plus 1 at each Replace or Increment."""
    fields: Fields
    due: Due | None = None
    expires_at: int | None = None
    """Seconds since the epoch. From then on no read shows the item, whether or not the engine has deleted it."""


class Create(NamedTuple):
    """Write an item that must not exist (an expired one does not exist)."""

    key: Key
    fields: Fields
    due: Due | None = None
    expires_at: int | None = None


class Replace(NamedTuple):
    """Write all fields of an item that must be at `version`. `due` and `expires_at` are replaced too."""

    key: Key
    fields: Fields
    version: int
    due: Due | None = None
    expires_at: int | None = None


class Increment(NamedTuple):
    """Add `by` (may be negative) to a whole-number field, without reading it first.

    An absent item or field counts as 0 and is made. With `at_least`, the sum must not fall below it.
    With `unless_due_by`, the item must not wait, in whatever queue, with `due.at` at or before that moment: what is due
    is to be dealt with first. Other fields, `due` and `expires_at` stay as they are.
    """

    key: Key
    field: str
    by: int
    at_least: int | None = None
    unless_due_by: int | None = None


class Delete(NamedTuple):
    """Remove an item that must be at `version`."""

    key: Key
    version: int


class Require(NamedTuple):
    """A condition on an item that this commit does not write. `version` 0: it must not exist; None: it must exist."""

    key: Key
    version: int | None = None


Change = Create | Replace | Increment | Delete | Require


class CommitConflict(Exception):
    """A condition did not hold; nothing was written.

    key: the first change, in the order given, whose condition failed.
    current: that item as it is now, or None if it does not exist.
    """

    def __init__(self, key: Key, current: Item | None) -> None:
        super().__init__(f"conflict on {key.sort.split('#')[0]}")
        self.key = key
        self.current = current


class StoreUnavailable(Exception):
    """The engine did not answer, or throttled us beyond our patience. The outcome of a commit may be unknown:
    a caller repeats it with the same keys, and its conditions tell whether the first try had landed."""


class BadCursor(ValueError):
    """`after` comes from no page of this list: a caller's own invention, where a door hands it on."""


class Page(NamedTuple):
    items: list[Item]
    next: str | None
    """Pass as `after` to go on; None when there is no more."""


class Store(Protocol):
    """See the module's docstring. Every method may raise StoreUnavailable."""

    def get(self, key: Key, consistent: bool = True) -> Item | None:
        """Strongly consistent. With `consistent=False` it may miss the last second's commits, at half the price where
        reads are paid for: right for what seldom changes and is checked again by a commit (a returning login)."""

    def query(
        self, partition: str, prefix: str = "", after: str | None = None, limit: int = 100, newest_first: bool = False
    ) -> Page:
        """Items of one partition whose sort key starts with `prefix`, in sort order (reversed if `newest_first`),
        strongly consistent. `limit` 1 to QUERY_LIMIT_ITEMS; `after` is the `next` of the page before."""

    def commit(self, *changes: Change, events: tuple[Event, ...] = ()) -> None:
        """All of `changes` (1 to COMMIT_LIMIT_ITEMS, no key twice) and `events`, or nothing.

        Events need at least one change that writes (not Delete, not Require).
        Raises CommitConflict; ValueError for a breach of the limits; TypeError for fields that are not JSON.
        """

    def due(self, queue: str, before: int, limit: int = 100) -> list[Item]:
        """Items waiting in `queue` with `at <= before`, oldest first (ties in any order). May lag a little behind
        commits on engines whose index is eventually consistent, never shows for long an item whose due has moved."""
