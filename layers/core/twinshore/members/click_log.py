"""How often each rule's recommendations were shown and clicked.

    benefit-views#<member id>  <date>            -> what was shown and clicked that day, by benefit; gone after 90 days
    benefit-report#<date>      <rule>#<shard>    -> counters, for good

A benefit counts once per member and UTC day in each column, however often it is shown or tapped; a click counts only
for what was shown that day or the day before. Of the member nothing but the pseudonymous id is kept.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta, timezone
from typing import Mapping, NamedTuple

from twinshore.errors import Conflict, Unprocessable
from twinshore.members.benefits import find_benefit
from twinshore.members.recommending import RULES
from twinshore.store.port import (
    Change,
    CommitConflict,
    Create,
    Fields,
    Increment,
    Item,
    Key,
    Replace,
    Store,
    StoreUnavailable,
)

SHARDS = 16
"""Counters of one rule and day: a hot campaign would otherwise write one item from every request."""
VIEWS_SECONDS = 90 * 86_400
REPORT_LIMIT_DAYS = 92
TRIES = 8
SHOWN, CLICKED = "shown", "clicked"


class BenefitNotShown(Conflict):
    slug = "benefit-not-shown"
    title_en = "This benefit was not shown to you"
    title_zh = "该权益未向您展示"


class ReportTooLong(Unprocessable):
    """`limit_days`: the most that one report covers."""

    slug = "report-too-long"
    title_en = "The report covers too many days"
    title_zh = "报表天数超出上限"


class Row(NamedTuple):
    rule: str
    shown: int
    clicked: int


def show(store: Store, member_id: str, rules: Mapping[str, str], now: int) -> None:
    """`rules`: benefit -> the rule that it was shown for. Writes nothing where all of it was shown today already."""
    today = _day(now)
    for _ in range(TRIES):
        item = store.get(_views(member_id, today))
        held = dict(item.fields[SHOWN]) if item else {}
        new = {benefit: rule for benefit, rule in rules.items() if benefit not in held}
        if not new:
            return
        fields: Fields = {SHOWN: {**held, **new}, CLICKED: list(item.fields[CLICKED]) if item else []}
        if _commit(store, member_id, today, item, fields, SHOWN, list(new.values()), now):
            return
    raise StoreUnavailable("a member's views are contended")


def click(store: Store, member_id: str, benefit: str, now: int) -> None:
    """Raises UnknownBenefit, BenefitNotShown."""
    find_benefit(benefit)
    for _ in range(TRIES):
        day, item = _last_shown(store, member_id, benefit, now)
        if item is None:
            raise BenefitNotShown("show it first: GET /v1/benefits")
        clicked = list(item.fields[CLICKED])
        if benefit in clicked:
            return
        fields: Fields = {SHOWN: dict(item.fields[SHOWN]), CLICKED: [*clicked, benefit]}
        if _commit(store, member_id, day, item, fields, CLICKED, [item.fields[SHOWN][benefit]], now):
            return
    raise StoreUnavailable("a member's views are contended")


def report(store: Store, first: date, last: date) -> list[Row]:
    """Sums of the days from `first` to `last`, a row for each rule. Raises ReportTooLong."""
    days = (last - first).days + 1
    if not 1 <= days <= REPORT_LIMIT_DAYS:
        raise ReportTooLong(f"from 1 to {REPORT_LIMIT_DAYS} days", limit_days=REPORT_LIMIT_DAYS)
    sums = {rule: [0, 0] for rule in RULES}
    for number in range(days):
        page = store.query(f"benefit-report#{(first + timedelta(days=number)).isoformat()}", limit=1000)
        for item in page.items:
            row = sums.setdefault(item.key.sort.partition("#")[0], [0, 0])
            row[0] += int(item.fields.get(SHOWN, 0))
            row[1] += int(item.fields.get(CLICKED, 0))
    return [Row(rule, shown, clicked) for rule, (shown, clicked) in sorted(sums.items())]


def _last_shown(store: Store, member_id: str, benefit: str, now: int) -> tuple[str, Item | None]:
    """Today's list, or yesterday's: a page may be open over midnight."""
    for day in (_day(now), _day(now - 86_400)):
        item = store.get(_views(member_id, day))
        if item is not None and benefit in item.fields[SHOWN]:
            return day, item
    return "", None


def _commit(
    store: Store, member_id: str, day: str, item: Item | None, fields: Fields, column: str, rules: list[str],
    now: int,
) -> bool:  # fmt: skip
    key, expires_at = _views(member_id, day), now + VIEWS_SECONDS
    write: Change = Create(key, fields, expires_at=expires_at)
    if item is not None:
        write = Replace(key, {**item.fields, **fields}, item.version, expires_at=expires_at)
    shard = int(hashlib.sha256(member_id.encode()).hexdigest()[:8], 16) % SHARDS
    counted = [Increment(Key(f"benefit-report#{day}", f"{rule}#{shard:02d}"), column, rules.count(rule))
               for rule in sorted(set(rules))]  # fmt: skip
    try:
        store.commit(write, *counted)
    except CommitConflict:
        return False
    return True


def _views(member_id: str, day: str) -> Key:
    return Key(f"benefit-views#{member_id}", day)


def _day(now: int) -> str:
    return datetime.fromtimestamp(now, timezone.utc).date().isoformat()
