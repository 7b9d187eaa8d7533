"""An exchange of points, as the cell keeps it that the points leave.

Partition `points-exchanges#<member id>`:
    exchange#<id>                  terms, state; waits in EXCHANGES until the other cell has decided
    day#<from>#<to>#<date>         how many points have gone out on that day of the programme, as a number below zero
Partition `points-pending#<cell>`: <id>             what that cell has not decided yet
Partition `points-out#<cell>#<date>`: <id>          what it credited on that day (UTC, its clock), settled here
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from twinshore.cells import Residency
from twinshore.exchange.problems import ExchangeNotFound
from twinshore.exchange.rates import Rate
from twinshore.points.problems import refused
from twinshore.store.port import Create, Item, Key, Store

EXCHANGES = "points-exchange"
"""Queue of exchanges that are not decided."""

PENDING, SETTLED, REJECTED = "pending", "settled", "rejected"
STATES = (PENDING, SETTLED, REJECTED)
CREDITED = "credited"
"""The other cell's word for what is settled here; its other word is REJECTED."""

EXCHANGED_OUT, EXCHANGED_IN = "house:exchanged", "house:exchanged_in"
REASON = "exchange"


class Exchange(NamedTuple):
    id: str
    member_id: str
    link: str
    other: str
    """The cell that is to credit."""
    from_programme: str
    to_programme: str
    points_out: int
    points_in: int
    fee: int
    rate_times: int
    rate_over: int
    quote: str
    """SHA-256 of the promise that was used."""
    held_at: int
    valid_until: int
    """From then on the other cell rejects; this cell never decides by the clock."""
    hold: str
    state: str = PENDING
    reason: str = ""
    """Of a rejection."""
    decided_at: int = 0
    tries: int = 0
    """How often the other cell has been asked."""

    @property
    def rate(self) -> Rate:
        return Rate(self.rate_times, self.rate_over, self.fee)


class Row(NamedTuple):
    """One exchange in a settlement: the same in both cells, or there is a difference."""

    exchange: str
    from_programme: str
    to_programme: str
    points_out: int
    points_in: int


def exchange_key(member_id: str, exchange_id: str) -> Key:
    return Key(f"points-exchanges#{member_id}", f"exchange#{exchange_id}")


def day_key(member_id: str, from_programme: str, to_programme: str, day: str) -> Key:
    return Key(f"points-exchanges#{member_id}", f"day#{from_programme}#{to_programme}#{day}")


def pending_key(cell: str, exchange_id: str) -> Key:
    return Key(f"points-pending#{cell}", exchange_id)


def row_key(side: str, cell: str, day: str, exchange_id: str = "") -> Key:
    """side: "out" for what we settled with `cell`, "in" for what we credited for it."""
    return Key(f"points-{side}#{cell}#{day}", exchange_id or "-")


def row_of(terms: Exchange) -> Row:
    return Row(terms.id, terms.from_programme, terms.to_programme, terms.points_out, terms.points_in)


def kept_row(key: Key, row: Row) -> Create:
    return Create(key, {"row": list(row)})


def exchange_fields(exchange: Exchange, residency: Residency) -> dict[str, Any]:
    return residency.label(exchange._asdict(), residency.here)


def exchange_of(item: Item) -> Exchange:
    return Exchange(**{name: item.fields[name] for name in Exchange._fields})


def find_exchange(store: Store, member_id: str, exchange_id: str) -> Exchange:
    """Raises ExchangeNotFound: there is none, or it is another member's."""
    item = store.get(exchange_key(member_id, exchange_id))
    if item is None:
        raise refused(ExchangeNotFound("only an exchange of this member"))
    return exchange_of(item)


def exchanges_of(store: Store, member_id: str, limit: int, after: str | None) -> tuple[list[Exchange], str | None]:
    """Newest first, and the cursor for more."""
    page = store.query(f"points-exchanges#{member_id}", "exchange#", after, limit=limit, newest_first=True)
    return [exchange_of(item) for item in page.items], page.next


def utc_day(at: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(at))
