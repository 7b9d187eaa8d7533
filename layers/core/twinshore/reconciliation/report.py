"""What a person reads of one day: totals, counts, and every difference with what is to be done about it."""

from __future__ import annotations

import time
from typing import Any, Iterator

from twinshore.errors import NotFound, Unprocessable
from twinshore.money import Money, decimal_text
from twinshore.reconciliation import differences as d
from twinshore.reconciliation.days import starts_at
from twinshore.reconciliation.differences import Difference
from twinshore.reconciliation.reconcile import FINDINGS_LIMIT, read_summary
from twinshore.store.port import Store

WORDS = {
    d.MISSING_HERE: "in the bill, not in our books",
    d.MISSING_THERE: "in our books, not in the bill",
    d.AMOUNT_DIFFERS: "the amount differs",
    d.CURRENCY_DIFFERS: "the currency differs",
    d.TWICE_IN_BILL: "twice in the bill",
    d.REFUND_UNKNOWN: "a refund that we do not know",
    d.DAY_DIFFERS: "on another day in our books",
    d.ORDER_UNKNOWN: "a payment of no order of ours",
    d.REFUND_UNDONE: "a refund that came back",
}
ADVICE = {
    d.ASK_PROVIDER: "ask the provider and apply its answer (asked again with the next day's run)",
    d.WAIT_A_DAY: "wait for the next day's bill",
    d.NOTHING: "nothing: it is matched",
    d.PERSON: "a person looks",
}
PERSONS_WORK = {
    d.MISSING_HERE: "open the payment at the provider; credit the order or refund the payer by hand",
    d.MISSING_THERE: "ask the provider where the money is before anything more is delivered",
    d.AMOUNT_DIFFERS: "the order is not credited at another amount: refund the payer, or settle the rest",
    d.CURRENCY_DIFFERS: "the order is not credited in another currency: refund the payer",
    d.TWICE_IN_BILL: "ask the provider which line counts; refund a second charge",
    d.REFUND_UNKNOWN: "find out who refunded at the provider, and take back what was credited",
    d.ORDER_UNKNOWN: "find the shop that this payment belongs to, or refund it",
    d.REFUND_UNDONE: "the member has not got the money: refund by another way",
}
OUTCOMES = {
    "applied": "cleared up by asking",
    "matched": "matched",
    "in_another_bill": "found in another day's bill",
    "not_found_again": "gone in a later run",
}


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
        starts_at(text, 0)
    except ValueError:
        raise NotADay from None
    return text


def told(store: Store, provider: str, day: str) -> dict[str, Any]:
    """The facts, and the same for a person to read. Raises DayNotReconciled."""
    return {**facts(store, provider, day), "report": report(store, provider, day)}


def facts(store: Store, provider: str, day: str) -> dict[str, Any]:
    """The day as JSON, with at most FINDINGS_LIMIT differences. Raises DayNotReconciled."""
    summary = read_summary(store, provider, day)
    if summary is None:
        raise DayNotReconciled
    found = [one for one, _ in zip(d.read(store, provider, day), range(FINDINGS_LIMIT))]
    return {
        "provider": provider,
        "day": day,
        "compared_at": _utc(summary["compared_at"]),
        "matched": summary["matched"],
        "open": sum(1 for one in found if one.state == d.OPEN),
        "not_kept": summary["not_kept"],
        "totals": list(_totals(summary)),
        "differences": [_shown(one) for one in found],
    }


def report(store: Store, provider: str, day: str) -> str:
    """Markdown. Raises DayNotReconciled."""
    day_facts = facts(store, provider, day)
    still_open = day_facts["open"]
    lines = [
        f"# {provider}, {day}",
        "",
        f"Compared {day_facts['compared_at']}. {day_facts['matched']} lines match, {still_open} differences are open, "
        f"{len(day_facts['differences']) - still_open} are settled.",
        "",
        "| | currency | lines in the bill | sum in the bill | lines in our books | sum in our books |",
        "|---|---|---:|---:|---:|---:|",
        *(_total_row(total) for total in day_facts["totals"]),
        "",
    ]
    for title, state in (("Open", d.OPEN), ("Settled", d.SETTLED)):
        shown = [one for one in day_facts["differences"] if one["state"] == state]
        if shown:
            lines += [f"## {title}", "", *(_sentence(one) for one in shown), ""]
    if day_facts["not_kept"]:
        lines += [f"{day_facts['not_kept']} more differences were found and not kept: look for their one cause.", ""]
    return "\n".join(lines)


def _totals(summary: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """One for each kind and currency; fees have no side of ours."""
    theirs, ours = summary["theirs"], summary["ours"]
    for kind in sorted({*theirs["counts"], *ours["counts"]}):
        for currency in sorted({*theirs["counts"].get(kind, {}), *ours["counts"].get(kind, {})}):
            yield {"kind": kind, "currency": currency, "bill": _side(theirs, kind, currency),
                   "books": _side(ours, kind, currency)}  # fmt: skip


def _side(table: dict[str, Any], kind: str, currency: str) -> dict[str, Any]:
    minor = table["sums_minor"].get(kind, {}).get(currency, 0)
    return {"lines": table["counts"].get(kind, {}).get(currency, 0), "sum": Money(minor, currency)._asdict()}


def _shown(one: Difference) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "kind": one.kind, "line": one.line_kind, "name": one.name, "reference": one.reference,
        "provider_id": one.provider_id, "action": one.action, "state": one.state, "outcome": one.outcome,
        "advice": _advice(one),
    }  # fmt: skip
    for name, money in (("bill", one.theirs), ("books", one.ours)):
        if money is not None:
            shown[name] = money._asdict()
    for name, at in (("occurred_at", one.occurred_at), ("found_at", one.found_at), ("settled_at", one.settled_at)):
        if at:
            shown[name] = _utc(at)
    return {**shown, "our_day": one.our_day} if one.our_day else shown


def _advice(one: Difference) -> str:
    if one.state == d.SETTLED:
        return OUTCOMES.get(one.outcome, one.outcome)
    if one.action == d.PERSON:
        return PERSONS_WORK.get(one.kind, ADVICE[d.PERSON])
    return ADVICE[one.action]


def _sentence(one: dict[str, Any]) -> str:
    sides = [f"{side} {_text(one[side])}" for side in ("bill", "books") if side in one]
    when = f", {one['occurred_at']}" if "occurred_at" in one else ""
    return f"- **{WORDS[one['kind']]}**: {one['line']} `{one['name']}` ({', '.join(sides)}{when}) → {one['advice']}"


def _total_row(total: dict[str, Any]) -> str:
    bill, books = total["bill"], total["books"]
    ours = f"{books['lines']} | {_text(books['sum'])}" if total["kind"] != "fee" else "|"
    return f"| {total['kind']} | {total['currency']} | {bill['lines']} | {_text(bill['sum'])} | {ours} |"


def _text(amount: dict[str, Any]) -> str:
    money = Money(amount["amount_minor"], amount["currency"])
    return f"{decimal_text(money)} {money.currency}"


def _utc(at: Any) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
