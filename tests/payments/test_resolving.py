"""What a person decides about a flag: it is listed, carried out once however often it is said, and stays in history."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator

import pytest

from tests.support.paper_shop import NOW, PRICE, Shop
from twinshore.money import Money
from twinshore.payments import flags, port, resolving
from twinshore.payments.completion import apply
from twinshore.payments.holding import OrderNotHeld
from twinshore.payments.port import Notice, ProviderRefused
from twinshore.payments.resolving import ActionNotOffered, Decision, FlagResolved


class Desk(Shop):
    def listed(self, status: str = "open", limit: int = 20, after: str | None = None) -> dict[str, Any]:
        for event in [*self.told("flag.resolved"), *self.told("payment.flagged")] * 2:  # in no order, each twice
            flags.keep_lists(event, self.store)
        return flags.listed(self.store, flags.Wanted(status, limit, after))

    def open(self) -> list[dict[str, Any]]:
        return list(self.listed()["items"])

    def decide(self, flag_id: str, action: str, by: str = "crm") -> dict[str, Any]:
        decision = Decision(flag_id, action, "seen by Mei", by)
        return resolving.resolve(self.store, self.tills, decision, self.now)

    def paid_twice(self) -> str:
        order_id = self.paid_order()
        self.other.create(self.paper.payments[f"{order_id}-1"].attempt._replace(reference=f"{order_id}-2"), NOW)
        order = self.read(order_id)
        second = order.attempts[0]._replace(number=2, provider="other", state=port.PENDING, captured_at=0)
        from twinshore.payments.order import replace

        self.store.commit(replace(order._replace(attempts=(*order.attempts, second))))
        self.other.pay(f"{order_id}-2", self.now)
        self.webhook(self.other.webhook(f"{order_id}-2"), "other")
        return order_id

    def held(self) -> str:
        order_id = self.order()
        reference = self.start(order_id)["reference"]
        self.paper.pay(reference, self.now)
        apply(self.store, "paper", Notice("c", reference, "", port.CLOSED, None, NOW), self.now)
        self.webhook(self.paper.webhook(reference))
        return order_id

    def odd_sum(self, amount: Money) -> str:
        order_id = self.order()
        reference = self.start(order_id)["reference"]
        self.paper.pay(reference, self.now, amount)
        self.webhook(self.paper.webhook(reference))
        return order_id


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "store.db")
    yield made
    made.store.close()


def test_a_flag_is_listed_with_what_can_be_done_about_it(desk: Desk) -> None:
    order_id = desk.paid_twice()
    assert desk.open() == [
        {
            "id": f"{order_id}-2-paid_twice", "reason": "paid_twice", "status": "open", "raised_at": NOW,
            "order_id": order_id, "provider": "other", "reference": f"{order_id}-2",
            "actions": ["refund_second", "write_off"], "amount": {"amount_minor": 1299, "currency": "EUR"},
        }
    ]  # fmt: skip


def test_the_second_payment_goes_back_once_and_the_first_stays_as_it_is(desk: Desk) -> None:
    order_id = desk.paid_twice()
    (flag,) = desk.open()
    desk.forget_events()
    for _ in range(3):
        done = desk.decide(flag["id"], "refund_second")
        assert (done["status"], done["actions"]) == ("resolved", [])
        assert done["resolution"] == {"action": "refund_second", "by": "crm", "at": NOW, "reason": "seen by Mei"}
    assert desk.other.payments[f"{order_id}-2"].refunds == ((f"{order_id}-r1", 1299),)
    assert desk.paper.payments[f"{order_id}-1"].refunds == ()
    order = desk.read(order_id)
    assert [one.state for one in order.attempts] == [port.CAPTURED, port.REFUNDED]
    assert desk.shown(order_id)["refunded"]["amount_minor"] == 0 and not desk.shown(order_id)["needs_review"]
    assert [event.name for event in desk.told()] == ["flag.resolved"], "no points go back: none were given for it"
    assert desk.refund(order_id, 1299)["status"] == "refunded", "the first one can still be given back, whole"


def test_what_is_resolved_leaves_the_list_and_stays_in_history(desk: Desk) -> None:
    desk.paid_twice()
    (flag,) = desk.open()
    done = desk.decide(flag["id"], "write_off")
    assert desk.open() == []
    assert desk.listed("resolved")["items"] == [done]


def test_news_that_comes_again_opens_nothing_again(desk: Desk) -> None:
    order_id = desk.odd_sum(Money(1298, "EUR"))
    (flag,) = desk.open()
    desk.decide(flag["id"], "write_off")
    desk.webhook(desk.paper.webhook(f"{order_id}-1"))
    assert desk.open() == [] and not desk.shown(order_id)["needs_review"]


def test_something_else_than_what_was_decided_is_refused(desk: Desk) -> None:
    desk.paid_twice()
    (flag,) = desk.open()
    desk.decide(flag["id"], "write_off")
    with pytest.raises(FlagResolved) as refused:
        desk.decide(flag["id"], "refund_second")
    assert refused.value.extensions == {"action": "write_off"}


@pytest.mark.parametrize("action", ["accept", "let_go", "refund_payment", "dance", ""])
def test_what_does_not_fit_the_flag_is_refused_by_name(desk: Desk, action: str) -> None:
    desk.paid_twice()
    (flag,) = desk.open()
    with pytest.raises(ActionNotOffered) as refused:
        desk.decide(flag["id"], action)
    assert refused.value.extensions == {"offered": ["refund_second", "write_off"]}
    assert desk.open() == [flag]


@pytest.mark.parametrize("flag_id", ["", "x", "z" * 26, "z" * 26 + "-1-paid_twice", "z" * 200])
def test_no_such_flag(desk: Desk, flag_id: str) -> None:
    with pytest.raises(flags.FlagNotFound):
        desk.decide(flag_id, "write_off")


def test_held_money_is_accepted(desk: Desk) -> None:
    order_id = desk.held()
    (flag,) = desk.open()
    assert flag["actions"] == ["accept", "refund_payment", "write_off"]
    for _ in range(2):
        desk.decide(flag["id"], "accept")
    assert [event.data["amount_minor"] for event in desk.told("payment.captured")] == [1299]
    assert desk.read(order_id).credited and desk.open() == []


def test_held_money_goes_back_and_is_not_accepted_after_that(desk: Desk) -> None:
    order_id = desk.held()
    (flag,) = desk.open()
    desk.decide(flag["id"], "refund_payment")
    assert desk.state(order_id) == port.REFUNDED and not desk.told("payment.captured")
    with pytest.raises(FlagResolved):
        desk.decide(flag["id"], "accept")


def test_held_money_that_went_back_otherwise_can_only_be_written_off(desk: Desk) -> None:
    order_id = desk.held()
    (flag,) = desk.open()
    desk.refund(order_id)
    with pytest.raises(OrderNotHeld):
        desk.decide(flag["id"], "accept")
    with pytest.raises(ActionNotOffered):
        desk.decide(flag["id"], "refund_payment")
    assert desk.decide(flag["id"], "write_off")["status"] == "resolved"


@pytest.mark.parametrize("minor", [1298, 1300, 129_900])
def test_an_odd_sum_goes_back_as_it_came(desk: Desk, minor: int) -> None:
    order_id = desk.odd_sum(Money(minor, "EUR"))
    (flag,) = desk.open()
    desk.decide(flag["id"], "refund_payment")
    assert desk.paper.payments[f"{order_id}-1"].refunds == ((f"{order_id}-r1", minor),)
    assert desk.read(order_id).refunds[0].state == port.REFUNDED
    desk.webhook(desk.paper.webhook(f"{order_id}-1", word="BACK", amount=[minor, "EUR"]))
    assert desk.open() == [] and not desk.told("payment.captured") and not desk.told("payment.refunded")
    assert desk.start(order_id)["reference"] == f"{order_id}-2", "and the order may be paid anew"


def test_an_odd_sum_in_another_currency_is_for_a_persons_hands(desk: Desk) -> None:
    desk.odd_sum(Money(1299, "USD"))
    (flag,) = desk.open()
    with pytest.raises(ActionNotOffered) as refused:
        desk.decide(flag["id"], "refund_payment")
    assert refused.value.extensions == {"offered": ["write_off"]}


def test_an_approval_after_the_close_is_let_go_of(desk: Desk) -> None:
    desk.paper.we_capture = True
    reference = desk.start(desk.order())["reference"]
    apply(desk.store, "paper", Notice("c", reference, "", port.CLOSED, None, NOW), NOW)
    desk.paper.pay(reference, desk.now)
    desk.webhook(desk.paper.webhook(reference))
    (flag,) = desk.open()
    assert flag["actions"] == ["let_go", "write_off"]
    desk.decide(flag["id"], "let_go")
    assert desk.paper.payments[reference].word == "VOID" and desk.open() == []


def test_a_refund_that_the_provider_refuses_leaves_the_flag_open(desk: Desk) -> None:
    order_id = desk.paid_twice()
    (flag,) = desk.open()
    desk.other.fault = "refuses"
    with pytest.raises(ProviderRefused):
        desk.decide(flag["id"], "refund_second")
    assert desk.open() == [flag] and desk.shown(order_id)["needs_review"]
    desk.other.fault = ""
    desk.now += 60
    desk.decide(flag["id"], "refund_second")
    assert desk.open() == []
    assert [one.state for one in desk.read(order_id).refunds] == [port.FAILED, port.REFUNDED]


def test_a_refund_that_fails_days_later_opens_the_flag_again(desk: Desk) -> None:
    order_id = desk.paid_twice()
    (flag,) = desk.open()
    desk.other.refunds_settle_at_once = False
    desk.decide(flag["id"], "refund_second")
    assert desk.open() == []
    failed = desk.other.webhook(f"{order_id}-2", refund_reference=f"{order_id}-r1", refund_state=port.FAILED)
    desk.webhook(failed, "other")
    assert desk.open() == [flag] and desk.listed("resolved")["items"] == []


@pytest.mark.parametrize("fault", ["lost", "unreachable"])
def test_a_refund_without_a_clear_answer_is_asked_about_by_the_poll(desk: Desk, fault: str) -> None:
    order_id = desk.paid_twice()
    (flag,) = desk.open()
    desk.other.fault = fault
    assert desk.decide(flag["id"], "refund_second")["status"] == "resolved"
    assert desk.read(order_id).refunds[0].state == port.PENDING
    desk.other.fault = ""
    desk.now += 31
    desk.poll()
    assert desk.read(order_id).refunds[0].state == port.REFUNDED
    assert len(desk.other.payments[f"{order_id}-2"].refunds) == 1


def test_a_function_that_died_after_deciding_is_made_good_by_the_same_decision(desk: Desk) -> None:
    order_id = desk.paid_twice()
    (flag,) = desk.open()
    provider = desk.other.refund
    desk.other.refund = lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        desk.decide(flag["id"], "refund_second")
    desk.other.refund = provider  # type: ignore[method-assign]
    desk.decide(flag["id"], "refund_second")
    assert desk.other.payments[f"{order_id}-2"].refunds == ((f"{order_id}-r1", 1299),)


def test_pages_go_on_where_the_last_one_ended(desk: Desk) -> None:
    orders = []
    for _ in range(5):
        orders.append(desk.held())
        desk.now += 10
    found, after = [], None
    for _ in range(3):
        page = desk.listed(limit=2, after=after)
        found += [item["order_id"] for item in page["items"]]
        after = page["next"]
    assert found == orders and after is None
    for order_id in orders:
        desk.now += 10
        desk.decide(f"{order_id}-1-captured_after_close", "accept")
    newest = desk.listed("resolved", limit=2)
    assert [item["order_id"] for item in newest["items"]] == orders[:-3:-1]


def test_two_refunds_that_the_bank_sends_back_are_two_flags(desk: Desk) -> None:
    order_id = desk.paid_order()
    for _ in range(2):
        desk.refund(order_id, 300)
    for number in (1, 2, 2):
        back = {"refund_reference": f"{order_id}-r{number}", "refund_state": port.FAILED}
        desk.webhook(desk.paper.webhook(f"{order_id}-1", **back))
    assert sorted((item["reason"], item["reference"]) for item in desk.open()) == [
        ("refund_undone", f"{order_id}-r1"), ("refund_undone", f"{order_id}-r2")]  # fmt: skip


def test_a_dispute_that_is_won_is_resolved_by_the_house(desk: Desk) -> None:
    order_id = desk.paid_order()
    for word in ("CONTESTED", "UPHELD"):
        desk.webhook(desk.paper.webhook(f"{order_id}-1", word=word))
    assert desk.open() == []
    (flag,) = desk.listed("resolved")["items"]
    assert flag["resolution"] == {"action": "won", "by": "house", "at": NOW}


def test_an_order_without_flags_is_as_small_as_before(desk: Desk) -> None:
    from twinshore.payments.order import as_fields

    order = desk.read(desk.paid_order())
    assert as_fields(order)["flags"] == [] and order.taken(1) == PRICE
