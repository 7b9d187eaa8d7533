"""The audit of a load can fail: every kind of loss and double that is planted is found, and a whole run finds nothing.

What stands and what was promised are planted; the rules are the audit's own.
"""

from __future__ import annotations

import copy
from typing import Any, Callable, NamedTuple

import pytest

from sandbox.load.audit import DOUBLED, LOST, WRONG, audit, twice_by_rule
from sandbox.load.books import Charge
from sandbox.load.standing import Member, Standing

HERE, FRIEND, THERE = ("cn", "m_lin"), ("cn", "m_friend"), ("eu", "m_abroad")
ORDER, RETURNED = "o0000000000000000000000001", "o0000000000000000000000002"
CNY_445, CNY_200 = ({"amount_minor": minor, "currency": "CNY"} for minor in (44_500, 20_000))


class Run(NamedTuple):
    promises: list[dict[str, Any]]
    members: dict[tuple[str, str], dict[str, Any]]
    charges: list[Charge]
    messages: list[str]

    def findings(self) -> list[tuple[str, str]]:
        members = {whose: Member(**fields) for whose, fields in self.members.items()}
        standing = Standing(members, tuple(self.charges), tuple(self.messages))
        return [(one.kind, one.effect) for one in audit(self.promises, standing)]


def line(word: str, effect: str, **facts: Any) -> dict[str, Any]:
    said = {"word": word, "effect": effect, "key": f"j1-{effect}", "cell": "cn", "member": "m_lin", "at": 100.0}
    return {**said, **facts}


def entry(name: str, kind: str, points: int, reason: str = "") -> dict[str, Any]:
    return {"id": name, "kind": kind, "points": points, "reason": reason}


def account(entries: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {"orders": {}, "vouchers": [], "exchanges": {}, "receipts": [], "email": "", "held": 0}
    return {**plain, "entries": entries, "balance": sum(one["points"] for one in entries), **more}


def a_whole_run() -> Run:
    """One member who has done everything, a friend, and a membership abroad."""
    receipt = {"exchange": "x1", "sequence": 1, "receipt": "ab" * 32}
    back = {"reference": f"{RETURNED}-r1", "status": "refunded", "amount": CNY_200}
    orders = {
        ORDER: {"order_id": ORDER, "status": "paid", "amount": CNY_445},
        RETURNED: {"order_id": RETURNED, "status": "refunded", "amount": CNY_200, "refunds": [back]},
    }
    mine = [
        entry("e1", "earn", 445, ORDER), entry("e2", "earn", 200, RETURNED), entry("e3", "take_back", -200, RETURNED),
        entry("e4", "redeem", -100), entry("e5", "redeem", -30), entry("e6", "give", -50, "gift"),
        entry("e7", "hold", -24, "exchange"), entry("e8", "settle", 0, "exchange"), entry("e9", "earn", 5, "check_in"),
    ]  # fmt: skip
    voucher = {"serial": "MAI-1", "code": "AAAA", "state": "issued"}
    me = account(mine, orders=orders, vouchers=[voucher], exchanges={"x1": {"id": "x1", "state": "settled"}},
                 receipts=[receipt], email="l***@***.com")  # fmt: skip
    friend = account([entry("f1", "receive", 50, "gift")])
    abroad = account([entry("a1", "exchange_in", 20, "exchange")], receipts=[receipt])
    exchange = {"id": "x1", "link": "k1", "points_out": 24, "points_in": 20, "to": "m_abroad", "there": "eu"}
    asked = [
        line("asked", "order"), line("asked", "order"), line("asked", "refund"), line("asked", "redeem"),
        line("asked", "voucher"), line("asked", "gift", to="m_friend"), line("asked", "check_in"),
        line("asked", "exchange", to="m_abroad", there="eu"), line("asked", "letter", subject="Lj1"),
    ]  # fmt: skip
    told = [
        line("told", "order", order_id=ORDER, amount=CNY_445), line("told", "order", order_id=RETURNED, amount=CNY_200),
        line("told", "yes", order_id=ORDER), line("told", "paid", order_id=ORDER),
        line("told", "paid", order_id=RETURNED),
        line("told", "earned", order_id=ORDER, entry="e1", points=445),
        line("told", "refund", order_id=RETURNED, reference=f"{RETURNED}-r1", amount=CNY_200),
        line("told", "redeem", entry="e4", points=-100), line("told", "voucher", entry="e5", points=-30),
        line("told", "code", serial="MAI-1", code="AAAA"), line("told", "gift", entry="e6", points=-50, to="m_friend"),
        line("told", "check_in", date="2026-11-23", points=5), line("told", "exchange", **exchange),
        line("told", "letter", subject="Lj1", state="sent"), line("told", "preferences", email="l***@***.com"),
    ]  # fmt: skip
    charges = [Charge("wechat_pay", f"{ORDER}-1", 44_500, ()), Charge("wechat_pay", f"{RETURNED}-1", 20_000, (20_000,))]
    return Run([*asked, *told], {HERE: me, FRIEND: friend, THERE: abroad}, charges, ["Payment received: order Lj1"])


def test_a_whole_run_finds_nothing() -> None:
    run = a_whole_run()
    assert run.findings() == []
    assert {each["effect"] for each in run.promises} >= {"order", "paid", "refund", "exchange", "code", "letter"}


Plant = Callable[[Run], Any]


def drop(name: str) -> Plant:
    """An entry is gone, and the balance with it."""

    def plant(run: Run) -> None:
        for fields in run.members.values():
            gone = [one for one in fields["entries"] if one["id"] == name]
            fields["entries"] = [one for one in fields["entries"] if one["id"] != name]
            fields["balance"] -= sum(one["points"] for one in gone)

    return plant


def twice(name: str) -> Plant:
    """An entry stands a second time under an id of its own, and the balance with it."""

    def plant(run: Run) -> None:
        for fields in run.members.values():
            again = [{**one, "id": f"{name}-again"} for one in fields["entries"] if one["id"] == name]
            fields["entries"] = [*fields["entries"], *again]
            fields["balance"] += sum(one["points"] for one in again)

    return plant


def promise_nobody_keeps(effect: str, **facts: Any) -> Plant:
    """An acknowledgement that the load has seen, and of which nothing stands."""
    return lambda run: run.promises.append(line("told", effect, **facts))


LOSSES: dict[str, tuple[Plant, set[tuple[str, str]]]] = {
    "an order": (
        lambda run: run.members[HERE]["orders"].pop(ORDER), {(LOST, "order"), (LOST, "paid"), (LOST, "charge")}),
    "an acknowledged order that never was": (
        promise_nobody_keeps("order", order_id="o9", amount=CNY_445), {(LOST, "order")}),
    "a member": (lambda run: run.members.pop(THERE), {(LOST, "exchange")}),
    "that an order was paid": (
        lambda run: run.members[HERE]["orders"][ORDER].update(status="pending"), {(LOST, "paid"), (LOST, "charge")}),
    "the points of an order": (drop("e1"), {(LOST, "earned"), (LOST, "points")}),
    "a redemption": (drop("e4"), {(LOST, "redeem")}),
    "the entry of a voucher": (drop("e5"), {(LOST, "voucher")}),
    "the code of a voucher": (lambda run: run.members[HERE]["vouchers"].clear(), {(LOST, "code")}),
    "another code than was shown": (
        lambda run: run.members[HERE]["vouchers"][0].update(code="BBBB"), {(LOST, "code")}),
    "the giver's side of a gift": (drop("e6"), {(LOST, "gift")}),
    "the receiver's side of a gift": (drop("f1"), {(LOST, "gift")}),
    "a check-in": (drop("e9"), {(LOST, "check_in")}),
    "a refund": (
        lambda run: run.members[HERE]["orders"][RETURNED].update(refunds=[]), {(LOST, "refund"), (DOUBLED, "refund")}),
    "a refund that the party never made": (
        lambda run: run.charges.__setitem__(1, run.charges[1]._replace(refunds_minor=())), {(LOST, "refund")}),
    "the points' way back after a refund": (drop("e3"), {(LOST, "refund")}),
    "an exchange": (lambda run: run.members[HERE]["exchanges"].clear(), {(LOST, "exchange")}),
    "an exchange that waits for ever": (
        lambda run: run.members[HERE]["exchanges"]["x1"].update(state="pending"), {(LOST, "exchange")}),
    "the arrival of an exchange": (drop("a1"), {(LOST, "exchange")}),
    "the other cell's receipt": (lambda run: run.members[THERE]["receipts"].clear(), {(LOST, "exchange")}),
    "a letter": (lambda run: run.messages.clear(), {(LOST, "letter")}),
    "a preference": (lambda run: run.members[HERE].update(email=""), {(LOST, "preferences")}),
    "a charge for an order that nobody has": (
        lambda run: run.charges.append(Charge("stripe", "o9-1", 100, ())), {(LOST, "charge")}),
}  # fmt: skip
DOUBLES: dict[str, tuple[Plant, set[tuple[str, str]]]] = {
    "a charge at the party": (
        lambda run: run.charges.append(Charge("wechat_pay", f"{ORDER}-2", 44_500, ())), {(DOUBLED, "charge")}),
    "the points of an order": (twice("e1"), {(DOUBLED, "points")}),
    "a redemption": (twice("e4"), {(DOUBLED, "redeem")}),
    "a gift given": (twice("e6"), {(DOUBLED, "give")}),
    "a gift received": (twice("f1"), {(DOUBLED, "receive"), (LOST, "gift")}),
    "a check-in": (twice("e9"), {(DOUBLED, "check_in"), (LOST, "check_in")}),
    "an order": (
        lambda run: run.members[HERE]["orders"].update(o9={"order_id": "o9", "status": "created", "amount": CNY_445}),
        {(DOUBLED, "order")}),
    "a refund of ours": (
        lambda run: run.members[HERE]["orders"][RETURNED]["refunds"].append(
            {"reference": "r2", "status": "pending", "amount": CNY_200}),
        {(DOUBLED, "refund")}),
    "a refund at the party": (
        lambda run: run.charges.__setitem__(1, run.charges[1]._replace(refunds_minor=(20_000, 20_000))),
        {(DOUBLED, "refund")}),
    "a voucher": (
        lambda run: run.members[HERE]["vouchers"].append({"serial": "MAI-2", "code": "C", "state": "issued"}),
        {(DOUBLED, "voucher")}),
    "one code for two members": (
        lambda run: run.promises.append(line("told", "code", member="m_friend", serial="MAI-1", code="AAAA")),
        {(DOUBLED, "code"), (LOST, "code")}),
    "what left in an exchange": (twice("e7"), {(DOUBLED, "hold")}),
    "what arrived of an exchange": (twice("a1"), {(DOUBLED, "exchange_in"), (LOST, "exchange")}),
    "a letter, more often than the rule allows": (
        lambda run: run.messages.extend(["order Lj1"] * 2), {(DOUBLED, "letter")}),
}  # fmt: skip
DISAGREEMENTS: dict[str, tuple[Plant, set[tuple[str, str]]]] = {
    "a balance that its entries do not make": (
        lambda run: run.members[HERE].update(balance=10_000), {(WRONG, "balance")}),
    "points that stay held": (lambda run: run.members[HERE].update(held=24), {(WRONG, "balance")}),
    "a party that took another amount": (
        lambda run: run.charges.__setitem__(0, run.charges[0]._replace(amount_minor=1)), {(WRONG, "charge")}),
    "a paid order that no party has charged": (lambda run: run.charges.pop(0), {(WRONG, "charge")}),
}  # fmt: skip


@pytest.mark.parametrize("what", LOSSES)
def test_a_planted_loss_is_found(what: str) -> None:
    found_with(*LOSSES[what])


@pytest.mark.parametrize("what", DOUBLES)
def test_a_planted_double_is_found(what: str) -> None:
    found_with(*DOUBLES[what])


@pytest.mark.parametrize("what", DISAGREEMENTS)
def test_planted_accounts_that_do_not_agree_are_found(what: str) -> None:
    found_with(*DISAGREEMENTS[what])


def found_with(plant: Plant, expected: set[tuple[str, str]]) -> None:
    run = a_whole_run()
    plant(run)
    assert set(run.findings()) == expected


def test_every_kind_of_promise_is_lost_once_in_these_tests() -> None:
    from sandbox.load.audit import KEPT

    planted = {effect for _, expected in LOSSES.values() for kind, effect in expected if kind == LOST}
    assert set(KEPT) <= planted


def test_a_letter_that_comes_twice_is_counted_and_allowed() -> None:
    run = a_whole_run()
    run.messages.append("Payment received: order Lj1")
    assert run.findings() == []
    standing = Standing({}, (), tuple(run.messages))
    assert twice_by_rule(run.promises, standing) == 1


def test_the_plants_leave_the_whole_run_as_it_is() -> None:
    before = copy.deepcopy(a_whole_run())
    found_with(*DOUBLES["a charge at the party"])
    assert a_whole_run() == before
