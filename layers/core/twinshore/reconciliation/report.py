"""What a person reads of one day: totals, counts, and every difference with what is to be done about it."""

from __future__ import annotations

import time
from typing import Any, Iterable, Iterator

from twinshore.errors import NotFound, Unprocessable
from twinshore.money import Money
from twinshore.reconciliation import differences as d
from twinshore.reconciliation.days import starts_at
from twinshore.reconciliation.differences import Difference
from twinshore.reconciliation.port import DISPUTES, PAYMENT, REFUND
from twinshore.reconciliation.reconcile import FINDINGS_LIMIT, read_summary
from twinshore.reconciliation.report_words import ACTIONS, KINDS, LINES, OUTCOMES, PERSONS_WORK, say
from twinshore.store.port import Store

OWN_SIDE = (PAYMENT, REFUND)
"""What our day-book has sums of. The rest only the bill tells, or on another day than we do."""


class DayNotReconciled(NotFound):
    slug = "day-not-reconciled"
    title_en = "This day has not been compared yet"
    title_zh = "该日尚未对账"


class NotADay(Unprocessable):
    slug = "not-a-day"
    title_en = "A day is written YYYY-MM-DD"
    title_zh = "日期格式应为 YYYY-MM-DD"


def day_in(text: str) -> str:
    """Raises NotADay."""
    try:
        starts_at(text, "UTC")
    except ValueError:
        raise NotADay from None
    return text


def facts(store: Store, provider: str, day: str, language: str = "en") -> dict[str, Any]:
    """The day as JSON, with at most FINDINGS_LIMIT differences, the most urgent first. Raises DayNotReconciled."""
    summary = read_summary(store, provider, day)
    if summary is None:
        raise DayNotReconciled
    found = [one for one, _ in zip(d.read(store, provider, day), range(FINDINGS_LIMIT))]
    urgency = list(ACTIONS)
    found.sort(key=lambda one: (one.state != d.OPEN, urgency.index(one.action)))
    return {
        "provider": provider,
        "day": day,
        "compared_at": _utc(summary["compared_at"]),
        "matched": summary["matched"],
        "open": sum(1 for one in found if one.state == d.OPEN),
        "not_kept": summary["not_kept"],
        "totals": list(_totals(summary)),
        "differences": [_shown(one, language) for one in found],
    }


def overview(store: Store, providers: Iterable[str], day: str, language: str = "en") -> list[dict[str, Any]]:
    """The `facts` of each that has been compared, and the mere name of each that has not."""
    told = []
    for provider in providers:
        try:
            told.append(facts(store, provider, day, language))
        except DayNotReconciled:
            told.append({"provider": provider, "day": day})
    return told


def _totals(summary: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """One for each currency and kind."""
    theirs, ours = summary["theirs"], summary["ours"]
    kinds = [kind for kind in LINES if kind in theirs["counts"] or kind in ours["counts"]]
    currencies = {currency for side in (theirs, ours) for row in side["counts"].values() for currency in row}
    for currency in sorted(currencies):
        for kind in kinds:
            if currency in theirs["counts"].get(kind, {}) or currency in ours["counts"].get(kind, {}):
                bill, books = _side(theirs, kind, currency), _side(ours, kind, currency)
                yield {"kind": kind, "currency": currency, "bill": bill, "books": books if kind in OWN_SIDE else None}


def _side(table: dict[str, Any], kind: str, currency: str) -> dict[str, Any]:
    minor = table["sums_minor"].get(kind, {}).get(currency, 0)
    return {"lines": table["counts"].get(kind, {}).get(currency, 0), "sum": Money(minor, currency)._asdict()}


def _shown(one: Difference, language: str) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "kind": one.kind, "what": say(KINDS[one.kind], language), "line": one.line_kind, "name": one.name,
        "reference": one.reference, "provider_id": one.provider_id, "action": one.action, "state": one.state,
        "outcome": one.outcome, "advice": _advice(one, language),
    }  # fmt: skip
    ours = None if one.line_kind in DISPUTES and one.kind == d.MISSING_THERE else one.ours  # the order's, at the most
    for name, money in (("bill", one.theirs), ("books", ours)):
        if money is not None:
            shown[name] = money._asdict()
    for name, at in (("occurred_at", one.occurred_at), ("found_at", one.found_at), ("settled_at", one.settled_at)):
        if at:
            shown[name] = _utc(at)
    return {**shown, "our_day": one.our_day} if one.our_day else shown


def _advice(one: Difference, language: str) -> str:
    if one.state == d.SETTLED:
        return say(OUTCOMES.get(one.outcome, (one.outcome, one.outcome)), language)
    words = PERSONS_WORK.get(one.kind) if one.action == d.PERSON else None
    return say(words or ACTIONS[one.action], language)


def _utc(at: Any) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
