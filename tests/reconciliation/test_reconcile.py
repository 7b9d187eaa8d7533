"""A day of orders through each provider's twin, compared with the bill that the twin gives over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.billed_shop import CAPTURED, CLOUD_ENGINES, REFUNDED, BilledShop
from twinshore.payments import port
from twinshore.payments.order import replace
from twinshore.reconciliation import differences as d
from twinshore.reconciliation.answering import told
from twinshore.reconciliation.csv_bill import CsvBills
from twinshore.reconciliation.days import DAY_SECONDS, days_later
from twinshore.reconciliation.reconcile import Reconciled, read_summary, reconcile

ORDERS = 30
pytestmark = pytest.mark.parametrize("open_store", CLOUD_ENGINES, indirect=True)


def a_day(shop: BilledShop) -> list[tuple[str, str]]:
    """Thirty orders, every third refunded in part, every tenth in two steps and whole."""
    made = []
    for number in range(ORDERS):
        order = shop.paid(1000 + number)
        made.append(order)
        if number % 3 == 0:
            shop.refunds(order[0], 100 + number)
        if number % 10 == 0:
            left = 1000 + number - (100 + number if number % 3 == 0 else 0)
            shop.refunds(order[0], left)
    shop.hears(times=2)
    return made


def test_a_day_that_agrees_has_nothing_to_tell(shop: BilledShop) -> None:
    a_day(shop)
    assert shop.reconcile() == Reconciled(matched=ORDERS + 10 + 3, new=0, open=0)
    assert shop.differences() == []
    text = told(shop.store, shop.name, shop.day, "en")["report"]
    currency = "EUR" if shop.name == "stripe" else "CNY"
    assert "Everything agrees." in text
    assert "43 lines match" in text
    assert f"| {currency} | payments | 30 | 304.35 {currency} | 30 | 304.35 {currency} |  |" in text


def test_each_kind_of_difference_is_found_and_nothing_else(shop: BilledShop) -> None:
    made = a_day(shop)
    names = [reference for _, reference in made]
    other = "USD" if shop.name == "stripe" else "HKD"
    stranger = {"reference": "another-shop-1", "kind": "payment", "amount_minor": 5000, "currency": "EUR",
                "at": shop.starts + 60}  # fmt: skip
    unknown = {"reference": names[4], "kind": "refund", "amount_minor": 77, "currency": "EUR",
               "refund_reference": "made-by-hand-1", "at": shop.starts + 90}  # fmt: skip
    if shop.name == "wechat_pay":
        stranger["currency"] = unknown["currency"] = "CNY"
    change: dict[str, Any] = {names[1]: {"amount_minor": 9}, f"{made[3][0]}-r1": {"amount_minor": 4}}
    if shop.name == "stripe":  # the mainland's bill adds up in one currency
        change[names[2]] = {"currency": other}
    shop.bill(
        lose=[names[5], f"{made[6][0]}-r1"],
        twice=[names[7], f"{made[9][0]}-r1"],
        add=[stranger, unknown],
        change=change,
    )
    done = shop.reconcile()
    expected = {
        (d.MISSING_THERE, names[5], d.WAIT_A_DAY),
        (d.MISSING_THERE, f"{made[6][0]}-r1", d.WAIT_A_DAY),
        (d.AMOUNT_DIFFERS, names[1], d.PERSON),
        (d.AMOUNT_DIFFERS, f"{made[3][0]}-r1", d.PERSON),
        (d.TWICE_IN_BILL, names[7], d.PERSON),
        (d.TWICE_IN_BILL, f"{made[9][0]}-r1", d.PERSON),
        (d.ORDER_UNKNOWN, "another-shop-1", d.PERSON),
        (d.REFUND_UNKNOWN, "made-by-hand-1", d.PERSON),
    }
    if shop.name == "stripe":
        expected.add((d.CURRENCY_DIFFERS, names[2], d.PERSON))
    assert {(kind, name, action) for kind, name, action, _, _ in shop.found()} == expected
    assert all(state == d.OPEN for *_, state, _ in shop.found())
    assert done.new == done.open == len(expected)
    text = told(shop.store, shop.name, shop.day, "en")["report"]
    assert all(name in text for _, name, _ in expected)


def test_what_the_provider_keeps_is_added_up_beside_the_amounts(shop: BilledShop) -> None:
    order_id, _ = shop.paid(10_000)
    shop.paid(20_000)
    shop.refunds(order_id, 5_000)
    shop.hears()
    shop.reconcile()
    fees = [one for one in told(shop.store, shop.name, shop.day, "en")["totals"] if one["kind"] == "fee"]
    assert [(one["bill"]["sum"]["amount_minor"], one["books"]) for one in fees] == [
        (50 if shop.name == "stripe" else 60 + 120 - 30, None)
    ]  # fmt: skip


def test_a_file_handed_in_again_with_a_correction_settles_what_it_mends(shop: BilledShop) -> None:
    order_id, reference = shop.paid(1234)
    shop.hears()
    amount = shop.read(order_id).amount
    head = "reference,provider_id,kind,amount,currency"
    by_hand = shop.party._replace(
        bills=CsvBills(f"{head}\n{reference},p,payment,12.00,{amount.currency}\nend,1\n", shop.party.zone)
    )
    assert reconcile(shop.store, by_hand, shop.day, shop.now).open == 1
    mended = CsvBills(f"{head}\n{reference},p,payment,12.34,{amount.currency}\nend,1\n", shop.party.zone)
    assert reconcile(shop.store, by_hand._replace(bills=mended), shop.day, shop.now) == Reconciled(1, 0, 0)
    assert shop.found() == [(d.AMOUNT_DIFFERS, reference, d.PERSON, d.SETTLED, "not_found_again")]


def test_a_second_run_of_the_same_day_adds_nothing(shop: BilledShop) -> None:
    made = [shop.paid() for _ in range(3)]
    shop.hears()
    shop.bill(lose=[made[0][1]], twice=[made[1][1]])
    first = shop.reconcile()
    before = shop.differences()
    assert first.new == 2
    assert shop.reconcile() == first._replace(new=0)
    assert shop.differences() == before


def test_what_a_mended_bill_no_longer_shows_is_settled(shop: BilledShop) -> None:
    made = [shop.paid() for _ in range(3)]
    shop.hears()
    shop.bill(lose=[made[0][1]])
    assert shop.reconcile().open == 1
    shop.bill()
    assert shop.reconcile().open == 0
    assert shop.found() == [(d.MISSING_THERE, made[0][1], d.WAIT_A_DAY, d.SETTLED, "not_found_again")]


def test_a_missed_payment_is_found_by_the_bill_and_credited_once(shop: BilledShop) -> None:
    shop.paid()
    order_id, reference = shop.pays()
    shop.hears()
    assert shop.state(order_id) == port.PENDING
    assert shop.reconcile() == Reconciled(matched=1, new=1, open=0)
    assert shop.found() == [(d.MISSING_HERE, reference, d.ASK_PROVIDER, d.SETTLED, "applied")]
    assert shop.state(order_id) == port.CAPTURED
    shop.hears(times=2)
    assert shop.reconcile() == Reconciled(matched=2, new=0, open=0)
    shop.refresh(order_id)
    assert [event.data["order_id"] for event in shop.told(CAPTURED)].count(order_id) == 1


def test_while_the_provider_does_not_answer_the_difference_waits(shop: BilledShop) -> None:
    order_id, reference = shop.pays()
    query = shop.party.provider.query

    def down(*_: object) -> port.Notice:
        raise port.OutcomeUnknown("no answer")

    shop.party.provider.query = down  # type: ignore[method-assign]
    assert shop.reconcile().open == 1
    assert shop.found() == [(d.MISSING_HERE, reference, d.ASK_PROVIDER, d.OPEN, "")]
    shop.party.provider.query = query  # type: ignore[method-assign]
    shop.reconcile()
    assert shop.state(order_id) == port.CAPTURED


def test_a_refund_whose_end_we_never_heard_is_found_by_the_bill(shop: BilledShop) -> None:
    order_id, _ = shop.paid()
    shop.faults(lose_answer=True)
    with pytest.raises(port.OutcomeUnknown):
        shop.refund(order_id, 300)
    shop.bill()
    shop.hears()
    assert shop.reconcile() == Reconciled(matched=1, new=1, open=0)
    assert shop.found() == [(d.MISSING_HERE, f"{order_id}-r1", d.ASK_PROVIDER, d.SETTLED, "applied")]
    assert shop.read(order_id).attempts[0].refunded_minor == 300
    assert [event.data["amount_minor"] for event in shop.told(REFUNDED)] == [300]


def test_a_day_that_died_in_the_middle_is_run_again(shop: BilledShop) -> None:
    missed = [shop.pays() for _ in range(4)]
    query, calls = shop.party.provider.query, 0

    def dies(*asked: Any) -> port.Notice:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise SystemExit("the function is frozen")
        return query(*asked)

    shop.party.provider.query = dies  # type: ignore[method-assign]
    with pytest.raises(SystemExit):
        shop.reconcile()
    assert read_summary(shop.store, shop.name, shop.day) is None
    shop.party.provider.query = query  # type: ignore[method-assign]
    assert shop.reconcile().open == 0
    assert [shop.state(order_id) for order_id, _ in missed] == [port.CAPTURED] * 4
    assert len(shop.told(CAPTURED)) == 4
    assert all(state == d.SETTLED for *_, state, _ in shop.found())


def test_a_payment_near_midnight_is_matched_on_the_day_before(shop: BilledShop) -> None:
    """Our capture is dated a second before midnight, and their line a second after it."""
    before = days_later(shop.day, -1)
    shop.bill(at=shop.starts - 1)
    _, reference = shop.paid()
    shop.hears()
    late = {"at": shop.starts + 1}
    shop.bill(lose=[reference])
    shop.reconcile(before)
    assert shop.found(before) == [(d.MISSING_THERE, reference, d.WAIT_A_DAY, d.OPEN, "")]
    line = {"reference": reference, "kind": "payment", "amount_minor": 1299, **late,
            "currency": "EUR" if shop.name == "stripe" else "CNY"}  # fmt: skip
    shop.bill(add=[line])
    assert shop.reconcile() == Reconciled(matched=0, new=1, open=0)
    assert shop.found() == [(d.DAY_DIFFERS, reference, d.NOTHING, d.SETTLED, "matched")]
    assert shop.found(before) == [(d.MISSING_THERE, reference, d.WAIT_A_DAY, d.SETTLED, "in_another_bill")]


def test_our_line_after_midnight_is_not_missed_in_its_own_bill(shop: BilledShop) -> None:
    before = days_later(shop.day, -1)
    shop.bill(at=shop.starts + 1)
    _, reference = shop.paid()
    shop.hears()
    line = {"reference": reference, "kind": "payment", "amount_minor": 1299, "at": shop.starts - 1,
            "currency": "EUR" if shop.name == "stripe" else "CNY"}  # fmt: skip
    shop.bill(add=[line], lose=[])
    shop.reconcile(before)
    assert shop.found(before) == [(d.DAY_DIFFERS, reference, d.NOTHING, d.SETTLED, "matched")]
    shop.bill(lose=[reference])
    assert shop.reconcile() == Reconciled(matched=0, new=0, open=0)


def test_what_no_bill_has_a_day_later_is_a_persons(shop: BilledShop) -> None:
    before = days_later(shop.day, -1)
    shop.bill(at=shop.starts - DAY_SECONDS // 2)
    _, reference = shop.paid()
    shop.hears()
    shop.bill(lose=[reference])
    shop.reconcile(before)
    shop.reconcile()
    assert shop.found(before) == [(d.MISSING_THERE, reference, d.PERSON, d.OPEN, "a_day_later")]


def test_a_second_payment_of_one_order_is_a_persons(shop: BilledShop) -> None:
    """Nothing more is credited, and the completion path's flag says why."""
    order_id, _first = shop.paid()
    shop.hears()
    order = shop.read(order_id)
    second = order.attempts[0]._replace(number=2, state=port.PENDING, captured_at=0, provider_id="")
    shop.store.commit(replace(order._replace(attempts=(*order.attempts, second))))
    line = {"reference": f"{order_id}-2", "kind": "payment", "amount_minor": 1299, "at": shop.starts + 5,
            "currency": "EUR" if shop.name == "stripe" else "CNY"}  # fmt: skip
    shop.bill(add=[line])
    shop.party.provider.query = lambda reference, provider_id, now: port.Notice(  # type: ignore[method-assign]
        "q", reference, provider_id, port.CAPTURED, order.amount, shop.starts + 5)  # fmt: skip
    shop.reconcile()
    assert shop.found() == [(d.MISSING_HERE, f"{order_id}-2", d.PERSON, d.OPEN, "paid_twice")]
    assert len(shop.told(CAPTURED)) == 1


@pytest.mark.parametrize("wrong", ["status", "reset"])
def test_half_a_bill_is_compared_with_nothing(shop: BilledShop, wrong: str) -> None:
    for _ in range(3):
        shop.paid()
    shop.hears()
    shop.faults(**{wrong: 502})
    with pytest.raises(port.OutcomeUnknown):
        shop.reconcile()
    assert shop.differences() == []
    assert read_summary(shop.store, shop.name, shop.day) is None
    shop.bill()
    assert shop.reconcile() == Reconciled(matched=3, new=0, open=0)
