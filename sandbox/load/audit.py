"""The accounts at the end: every promise is still true, and nothing has happened more often than it was asked for.

Pure: what was promised and what stands go in, findings come out. An empty list is the run's goal.
"""

from __future__ import annotations

import collections
from typing import Any, Callable, Counter, Iterable, Iterator, Mapping, NamedTuple

from sandbox.load.books import Charge
from sandbox.load.standing import Member, Standing, Whose

LOST, DOUBLED, WRONG = "lost", "doubled", "wrong"
"""A promise that is not true any more; an effect beyond what was asked for; accounts that do not agree."""
PAID = ("paid", "part_refunded", "refunded")
LETTERS_LIMIT = 2
"""Of a receipt, where its sender died in between: docs/decisions/0071 says that never is worse. More is a finding."""

Line = Mapping[str, Any]


class Finding(NamedTuple):
    kind: str
    effect: str
    at: float
    """When it was promised, seconds since the epoch; 0 where nobody was promised anything."""
    story: str


def audit(promises: Iterable[Line], standing: Standing) -> list[Finding]:
    lines = [line for line in promises if line["effect"] != "member"]
    asked = [line for line in lines if line["word"] == "asked"]
    told = [line for line in lines if line["word"] == "told"]
    found: list[Finding] = []
    for line in told:
        check = KEPT.get(line["effect"])
        if check is not None:
            whole = standing.members.get((line["cell"], line["member"]))
            story = "nobody answers for this member" if whole is None else check(line, whole, standing)
            if story:
                found.append(Finding(LOST, line["effect"], line["at"], _named(line, story)))
    found += _money(told, standing)
    found += _no_more_than_asked(asked, standing)
    found += _sums(standing)
    found += _codes(told)
    return found


def twice_by_rule(promises: Iterable[Line], standing: Standing) -> int:
    """Letters that came a second time, as 0071 allows."""
    subjects = {line["subject"] for line in promises if line["effect"] == "letter" and line["word"] == "asked"}
    counts = _letters(standing)
    return sum(counts[subject] == LETTERS_LIMIT for subject in subjects)


def _named(line: Line, story: str) -> str:
    return f"{line['effect']} {line['key']} of {line['member']} in {line['cell']}: {story}"


# What was promised: each gives "" while the promise holds, or says what stands instead.


def _order(line: Line, whole: Member, _: Standing) -> str:
    there = whole.orders.get(line["order_id"])
    if there is None:
        return f"order {line['order_id']} was acknowledged and is gone"
    return "" if there["amount"] == line["amount"] else f"the order charges {there['amount']}, not {line['amount']}"


def _paid(line: Line, whole: Member, _: Standing) -> str:
    there = whole.orders.get(line["order_id"])
    status = there["status"] if there else "gone"
    return "" if status in PAID else f"order {line['order_id']} was shown as paid and is {status}"


def _entry(line: Line, whole: Member, _: Standing) -> str:
    there = next((one for one in whole.entries if one["id"] == line["entry"]), None)
    if there is None:
        return f"the entry {line['entry']} of {line['points']} points was acknowledged and is gone"
    return (
        "" if there["points"] == line["points"] else f"the entry is of {there['points']}, not {line['points']} points"
    )


def _gift(line: Line, whole: Member, standing: Standing) -> str:
    friend = standing.members.get((line["cell"], line["to"]))
    came = sum(one["points"] for one in friend.entries if one["kind"] == "receive") if friend else 0
    return _entry(line, whole, standing) or ("" if came == -line["points"] else f"{came} points came at {line['to']}")


def _check_in(line: Line, whole: Member, _: Standing) -> str:
    came = [one["points"] for one in whole.entries if one["reason"] == "check_in"]
    return "" if sum(came) == line["points"] else f"{line['points']} points of {line['date']}, entries say {came}"


def _refund(line: Line, whole: Member, standing: Standing) -> str:
    order = whole.orders.get(line["order_id"], {})
    there = next((one for one in order.get("refunds", ()) if one["reference"] == line["reference"]), None)
    if there is None or there["amount"] != line["amount"] or there["status"] != "refunded":
        return f"the refund {line['reference']} of {line['amount']} is {there}"
    given = sum(sum(charge.refunds_minor) for charge in standing.charges if charge.order_id == line["order_id"])
    amount_minor = line["amount"]["amount_minor"]
    if given < amount_minor:
        return f"the party gave back {given}, not {amount_minor}"
    left = sum(one["points"] for one in whole.entries if one["reason"] == line["order_id"])
    return "" if left == 0 else f"the order went back whole, and {left} of its points stayed"


def _code(line: Line, whole: Member, _: Standing) -> str:
    there = [one for one in whole.vouchers if one["serial"] == line["serial"]]
    return (
        "" if there and there[0]["code"] == line["code"] else f"the voucher {line['serial']} was shown, and is {there}"
    )


def _exchange(line: Line, whole: Member, standing: Standing) -> str:
    there = whole.exchanges.get(line["id"])
    if there is None or there["state"] != "settled":
        return f"the exchange {line['id']} is {there['state'] if there else 'gone'}"
    other = standing.members.get((line["there"], line["to"]))
    if other is None:
        return f"nobody answers for {line['to']} in {line['there']}"
    came = sum(one["points"] for one in other.entries if one["kind"] == "exchange_in")
    if came != line["points_in"]:
        return f"{line['points_out']} left, {came} came instead of {line['points_in']}"
    receipts = [one for one in whole.receipts if one["exchange"] == line["id"]]
    same = len(receipts) == 1 and receipts[0] in other.receipts
    return "" if same else "the two cells do not keep the same receipt"


def _letter(line: Line, _: Member, standing: Standing) -> str:
    return "" if line["state"] != "sent" or _letters(standing)[line["subject"]] else "it was called sent and never came"


def _preferences(line: Line, whole: Member, _: Standing) -> str:
    return "" if whole.email == line["email"] else f"the address is {whole.email!r}, not {line['email']!r}"


KEPT: Mapping[str, Callable[[Line, Member, Standing], str]] = {
    "order": _order, "paid": _paid, "earned": _entry, "redeem": _entry, "voucher": _entry,
    "code": _code, "gift": _gift, "check_in": _check_in, "refund": _refund, "exchange": _exchange, "letter": _letter,
    "preferences": _preferences,
}  # fmt: skip


# What happened: no more than was asked for, and the same on all sides.


def _money(told: list[Line], standing: Standing) -> Iterator[Finding]:
    """Every charge in a party's book is of an order of ours, is the only one, and is its amount; points follow it."""
    orders = {
        order_id: (whole, order) for whole in standing.members.values() for order_id, order in whole.orders.items()
    }
    by_order: dict[str, list[Charge]] = collections.defaultdict(list)
    for charge in standing.charges:
        by_order[charge.order_id].append(charge)
    when = {line["order_id"]: line["at"] for line in told if line["effect"] == "yes"}
    for order_id, charges in by_order.items():
        at = when.get(order_id, 0.0)
        if len(charges) > 1:
            yield Finding(DOUBLED, "charge", at, f"order {order_id} was charged {len(charges)} times: {charges}")
        if order_id not in orders:
            yield Finding(LOST, "charge", at, f"{charges[0].party} has charged {order_id}, an order that nobody has")
            continue
        whole, order = orders[order_id]
        if order["status"] not in PAID:
            yield Finding(LOST, "charge", at, f"{charges[0].party} has charged {order_id}, which is {order['status']}")
        if charges[0].amount_minor != order["amount"]["amount_minor"]:
            yield Finding(WRONG, "charge", at, f"{order_id} charges {order['amount']}; the party took {charges[0]}")
        given = sum(sum(charge.refunds_minor) for charge in charges)
        promised = sum(one["amount"]["amount_minor"] for one in order.get("refunds", ()))
        if given > promised:
            yield Finding(DOUBLED, "refund", at, f"{order_id} promises {promised} back; the party gave {given}")
        earned = [one for one in whole.entries if one["kind"] == "earn" and one["reason"] == order_id]
        if not earned:
            yield Finding(LOST, "points", at, f"order {order_id} was paid and has earned no points")
        if len(earned) > 1:
            yield Finding(DOUBLED, "points", at, f"order {order_id} has earned {len(earned)} times")
    for order_id, (_, order) in orders.items():
        if order["status"] in PAID and order_id not in by_order:
            yield Finding(WRONG, "charge", 0.0, f"order {order_id} is {order['status']}, and no party has charged it")


def _no_more_than_asked(asked: list[Line], standing: Standing) -> Iterator[Finding]:
    wanted: Counter[tuple[Whose, str]] = collections.Counter()
    for line in asked:
        wanted[(line["cell"], line["member"]), line["effect"]] += 1
        if "there" in line:
            wanted[(line["there"], line["to"]), "exchange_in"] += 1
        elif "to" in line:
            wanted[(line["cell"], line["to"]), "receive"] += 1
    for whose, whole in standing.members.items():
        for what, count in _happened(whole).items():
            limit = sum(wanted[whose, effect] for effect in LIMITS[what])
            if count > limit:
                story = f"{whose[1]} in {whose[0]} has {count} of {what}, and asked for {limit}"
                yield Finding(DOUBLED, what, 0.0, story)
    letters = _letters(standing)
    for line in asked:
        if line["effect"] == "letter" and letters[line["subject"]] > LETTERS_LIMIT:
            yield Finding(DOUBLED, "letter", line["at"], _named(line, f"it came {letters[line['subject']]} times"))


LIMITS: Mapping[str, tuple[str, ...]] = {
    "order": ("order",), "refund": ("refund",), "check_in": ("check_in",), "redeem": ("redeem", "voucher"),
    "voucher": ("voucher",), "give": ("gift",), "receive": ("receive",), "hold": ("exchange",),
    "exchange": ("exchange",), "exchange_in": ("exchange_in",),
}  # fmt: skip
"""What is counted in an account -> what asks for it."""


def _happened(whole: Member) -> dict[str, int]:
    kinds = collections.Counter(one["kind"] for one in whole.entries)
    return {
        **{kind: kinds[kind] for kind in ("redeem", "give", "receive", "hold", "exchange_in")},
        "check_in": sum(one["reason"] == "check_in" for one in whole.entries),
        "order": len(whole.orders),
        "refund": sum(len(order.get("refunds", ())) for order in whole.orders.values()),
        "voucher": len(whole.vouchers),
        "exchange": len(whole.exchanges),
    }


def _sums(standing: Standing) -> Iterator[Finding]:
    for (cell, member), whole in standing.members.items():
        total = sum(one["points"] for one in whole.entries)
        if (total, whole.held) != (whole.balance, 0):
            story = f"{member} in {cell}: entries make {total}, the balance is {whole.balance}, {whole.held} are held"
            yield Finding(WRONG, "balance", 0.0, story)


def _codes(told: list[Line]) -> Iterator[Finding]:
    holders: dict[tuple[str, str], str] = {}
    for line in told:
        if line["effect"] == "code":
            mine = (line["cell"], line["serial"])
            if holders.setdefault(mine, line["member"]) != line["member"]:
                yield Finding(DOUBLED, "code", line["at"], _named(line, "two members were given the same code"))


def _letters(standing: Standing) -> Counter[str]:
    """Code of the occasion -> how often its message came. The code is a word of its own."""
    return collections.Counter(word for text in standing.messages for word in text.split() if word.startswith("L"))
