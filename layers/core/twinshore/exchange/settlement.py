"""The daily settlement: both cells' books of one day, side by side, in both directions. The job `points-settlement`.

A day is that of the credit, in UTC, by the clock of the cell that credited: it stands in the receipt, so both cells
count an exchange into the same day. A report that does not agree is made anew each day for DAYS_BACK days: what was
only pending has been decided by then.

Partition `points-settlement#<cell>`: <date>, the report.
"""

from __future__ import annotations

from typing import Any, Iterator, NamedTuple

from twinshore import log
from twinshore.errors import Unprocessable
from twinshore.exchange.exchanges import Row, row_key, utc_day
from twinshore.exchange.problems import SettlementNotFound
from twinshore.intercell.client import Peers, ask
from twinshore.intercell.messages import ROWS_LIMIT
from twinshore.intercell.port import Fields, NotHeard, Rejected
from twinshore.store.port import CommitConflict, Create, Key, Replace, Store

CREDITED_SIDE, SETTLED_SIDE, PENDING_SIDE = "credited", "settled", "pending"
OUT, IN = "out", "in"

MISSING_THERE, MISSING_HERE, AMOUNT_DIFFERS, STILL_PENDING = (
    "missing_there", "missing_here", "amount_differs", "still_pending",
)  # fmt: skip
KINDS = (MISSING_THERE, MISSING_HERE, AMOUNT_DIFFERS, STILL_PENDING)
ACTIONS = {
    (OUT, MISSING_THERE): "check_receipt_then_credit_there",
    (OUT, MISSING_HERE): "check_receipt_then_reverse_there",
    (OUT, AMOUNT_DIFFERS): "receipt_decides_correct_by_entry",
    (OUT, STILL_PENDING): "wait_for_sweep_here",
    (IN, MISSING_THERE): "check_receipt_then_reverse_here",
    (IN, MISSING_HERE): "check_receipt_then_credit_here",
    (IN, AMOUNT_DIFFERS): "receipt_decides_correct_by_entry",
    (IN, STILL_PENDING): "wait_for_sweep_there",
}
"""What is proposed for each difference. No machine does it: points are moved by a new entry, by a person."""

DAY_SECONDS = 86_400
DAYS_BACK = 7
DIFFERENCES_KEPT = 200
PAGES_LIMIT = 5_000


class SideUnknown(Unprocessable):
    slug = "points-settlement-side-unknown"
    title_en = "There is no such side of a settlement"
    title_zh = "没有该结算方向"


class Difference(NamedTuple):
    direction: str
    """OUT: points that left here; IN: points that came here."""
    exchange: str
    kind: str
    here: list[Any]
    """What our books say: from, to, points out, points in; empty for nothing."""
    there: list[Any]
    action: str


class Sums(NamedTuple):
    exchanges: int
    points_out: int
    points_in: int


class Report(NamedTuple):
    other: str
    day: str
    agrees: bool
    out_here: Sums
    out_there: Sums
    in_here: Sums
    in_there: Sums
    differences: list[Difference]
    """At most DIFFERENCES_KEPT; `differences_count` is how many there are."""
    differences_count: int
    made_at: int


Books = dict[str, Row]


def settle_days(store: Store, peers: Peers, now: int) -> dict[str, int]:
    """Reports of the last days with every other cell, where there is none yet that agrees."""
    counts = {"agreed": 0, "differing": 0, "not_heard": 0}
    for other in sorted(peers.cells.all.keys() - {peers.key.cell}):
        for back in range(1, DAYS_BACK + 1):
            day = utc_day(now - back * DAY_SECONDS)
            item = store.get(_report_key(other, day))
            if item is not None and item.fields["agrees"]:
                continue
            try:
                report = settle_day(store, peers, other, day, now)
            except (NotHeard, Rejected) as silence:
                log.line("warning", "points settlement put off", peer=other, day=day, why=type(silence).__name__)
                counts["not_heard"] += 1
                break
            counts["agreed" if report.agrees else "differing"] += 1
    return counts


def settle_day(store: Store, peers: Peers, other: str, day: str, now: int) -> Report:
    """Compare one day with one cell, and keep the report. Raises NotHeard, Rejected."""
    # What is pending is read first: what is decided meanwhile is then found among what is settled.
    pending = {OUT: _ours(store, f"points-pending#{other}"), IN: _theirs(peers, other, day, PENDING_SIDE, now)}
    there = {OUT: _theirs(peers, other, day, CREDITED_SIDE, now), IN: _theirs(peers, other, day, SETTLED_SIDE, now)}
    here = {way: _ours(store, row_key(way, other, day).partition) for way in (OUT, IN)}
    found = [each for way in (OUT, IN) for each in differences(way, here[way], there[way], pending[way])]
    for each in found:
        level = "warning" if each.kind == STILL_PENDING else "error"
        log.line(level, "points settlement differs", peer=other, day=day, way=each.direction, kind=each.kind,
                 exchange=each.exchange, action=each.action)  # fmt: skip
    report = Report(
        other, day, not found, _sums(here[OUT]), _sums(there[OUT]), _sums(here[IN]), _sums(there[IN]),
        found[:DIFFERENCES_KEPT], len(found), now,
    )  # fmt: skip
    _keep(store, report)
    return report


def differences(way: str, here: Books, there: Books, pending: Books) -> list[Difference]:
    """pending: what the cell that the points leave has not seen decided."""
    found = []
    for exchange in sorted(here.keys() | there.keys()):
        ours, theirs = here.get(exchange), there.get(exchange)
        if ours == theirs:
            continue
        if ours and theirs:
            kind = AMOUNT_DIFFERS
        elif exchange in pending and (theirs if way == OUT else ours):
            kind = STILL_PENDING
        else:
            kind = MISSING_THERE if ours else MISSING_HERE
        ours_said, theirs_said = (list(row[1:]) if row else [] for row in (ours, theirs))
        found.append(Difference(way, exchange, kind, ours_said, theirs_said, ACTIONS[way, kind]))
    return found


def report_of(store: Store, other: str, day: str) -> Report:
    """Raises SettlementNotFound."""
    item = store.get(_report_key(other, day))
    if item is None:
        raise SettlementNotFound("reports are made after midnight in UTC")
    said = {name: item.fields[name] for name in Report._fields}
    for name in ("out_here", "out_there", "in_here", "in_there"):
        said[name] = Sums(*said[name])
    said["differences"] = [Difference(*row) for row in said["differences"]]
    return Report(**said)


def hear_settlements(store: Store, peers: Peers, sender: str, fields: Fields, now: int) -> Fields:
    """`points-settlements`: a page of our books about `sender`. Raises SideUnknown."""
    partitions = {
        CREDITED_SIDE: row_key(IN, sender, fields["day"]).partition,
        SETTLED_SIDE: row_key(OUT, sender, fields["day"]).partition,
        PENDING_SIDE: f"points-pending#{sender}",
    }
    if fields["side"] not in partitions:
        raise SideUnknown("credited, settled or pending")
    page = store.query(partitions[fields["side"]], after=fields.get("after"), limit=ROWS_LIMIT)
    said = {"day": fields["day"], "side": fields["side"], "rows": [item.fields["row"] for item in page.items]}
    return {**said, "next": page.next} if page.next else said


def _ours(store: Store, partition: str) -> Books:
    return {row.exchange: row for row in _rows(store, partition)}


def _rows(store: Store, partition: str) -> Iterator[Row]:
    cursor = None
    while True:
        page = store.query(partition, after=cursor, limit=ROWS_LIMIT)
        yield from (Row(*item.fields["row"]) for item in page.items)
        cursor = page.next
        if cursor is None:
            return


def _theirs(peers: Peers, other: str, day: str, side: str, now: int) -> Books:
    """Raises NotHeard, Rejected."""
    found: Books = {}
    cursor: dict[str, str] = {}
    for _ in range(PAGES_LIMIT):
        said = ask(peers, other, "points-settlements", {"day": day, "side": side, **cursor}, now)
        found.update({row[0]: Row(*row) for row in said["rows"]})
        if "next" not in said:
            return found
        cursor = {"after": said["next"]}
    raise NotHeard("too many pages")


def _sums(books: Books) -> Sums:
    rows = books.values()
    return Sums(len(rows), sum(row.points_out for row in rows), sum(row.points_in for row in rows))


def _keep(store: Store, report: Report) -> None:
    key = _report_key(report.other, report.day)
    fields = {**report._asdict(), "differences": [list(each) for each in report.differences]}
    fields |= {name: list(fields[name]) for name in ("out_here", "out_there", "in_here", "in_there")}
    item = store.get(key)
    try:
        store.commit(Create(key, fields) if item is None else Replace(key, fields, item.version))
    except CommitConflict:
        log.line("info", "points settlement kept by another", peer=report.other, day=report.day)


def _report_key(other: str, day: str) -> Key:
    return Key(f"points-settlement#{other}", day)
