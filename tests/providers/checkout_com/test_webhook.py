"""A verified event in our words."""

from __future__ import annotations

import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.gateways import through_both_gateways
from tests.support.vectors import load
from twinshore.errors import BadRequest
from twinshore.money import Money
from twinshore.payments.port import (
    CAPTURED,
    DISPUTE_LOST,
    DISPUTE_WON,
    DISPUTED,
    FAILED,
    PART_REFUNDED,
    PENDING,
    REFUNDED,
    Notice,
    SignatureRefused,
)
from twinshore.providers.checkout_com.client import Account, CheckoutCom
from twinshore.providers.checkout_com.status import (
    DISPUTE_EVENT,
    PAYMENT_EVENT,
    PAYMENT_STATUS,
    action_state,
    best_of,
    fetched_notice,
)
from twinshore.providers.exchange import send_outbound
from twinshore.vault import StoreVault

OWN = load(Path(__file__).parent / "vectors.json")
KEY = "workflow key"
PATH = "/v1/webhooks/checkout_com"
AT = 1_772_337_607  # 2026-03-01T04:00:07Z
DATA = {
    "id": "pay_1", "action_id": "act_1", "reference": "order-1", "amount": 9200, "currency": "SAR",
    "processed_on": "2026-03-01T04:00:07.1234567Z", "metadata": {"reference": "order-1", "udf1": "mada"},
}  # fmt: skip
BALANCES = {"total_authorized": 9200, "total_captured": 9200, "total_refunded": 300}
PAYMENT = {
    "id": "pay_1", "requested_on": "2026-03-01T04:00:00Z", "processed_on": "2026-03-01T04:00:07Z", "amount": 9200,
    "currency": "SAR", "reference": "order-1", "status": "Captured", "balances": {**BALANCES, "total_refunded": 0},
}  # fmt: skip


def sign(body: bytes) -> str:
    return hmac.digest(KEY.encode(), body, "sha256").hex()


def provider(vault: StoreVault, *keys: str) -> CheckoutCom:
    return CheckoutCom("http://127.0.0.1:9", Account("sk", keys or (KEY,)), vault, send=send_outbound)


def read_body(vault: StoreVault, body: bytes) -> list[Notice]:
    return provider(vault).read_webhook({"cko-signature": sign(body)}, body, AT)[0]


def read(vault: StoreVault, kind: Any, data: Any, **changes: Any) -> list[Notice]:
    event = {"id": "evt_1", "type": kind, "created_on": "2026-03-01T04:00:09Z", "data": data, **changes}
    return read_body(vault, json.dumps(event).encode())


@pytest.mark.parametrize(
    ("kind", "state"),
    [("payment_pending", PENDING), ("payment_approved", PENDING), ("payment_capture_pending", PENDING),
     ("payment_captured", CAPTURED), ("payment_declined", FAILED), ("payment_authentication_failed", FAILED),
     ("payment_capture_declined", FAILED), ("payment_canceled", FAILED), ("payment_expired", FAILED),
     ("payment_voided", FAILED)],
)  # fmt: skip
def test_each_event_of_a_payment_has_its_place(vault: StoreVault, kind: str, state: str) -> None:
    taken = state == CAPTURED
    expected = Notice("evt_1", "order-1", "pay_1" if taken else "", state, Money(9200, "SAR") if taken else None, AT)
    assert read(vault, kind, DATA) == [expected]
    assert len(PAYMENT_EVENT) == 10


@pytest.mark.parametrize(("refunded", "state"), [(300, PART_REFUNDED), (9200, REFUNDED)], ids=["part", "whole"])
def test_a_refund_tells_of_itself_and_of_the_sum(vault: StoreVault, refunded: int, state: str) -> None:
    data = {**DATA, "reference": "order-1.order-r1", "balances": {**BALANCES, "total_refunded": refunded}}
    (notice,) = read(vault, "payment_refunded", data)
    assert (notice.state, notice.amount, notice.provider_id) == (state, Money(refunded, "SAR"), "pay_1")
    assert (notice.reference, notice.refund_reference, notice.refund_state) == ("order-1", "order-r1", REFUNDED)


@pytest.mark.parametrize(
    ("kind", "state", "refund_state"),
    [("payment_refunded", PART_REFUNDED, REFUNDED), ("payment_refund_pending", CAPTURED, PENDING),
     ("payment_refund_declined", CAPTURED, FAILED)],
)  # fmt: skip
def test_a_refund_without_balances_tells_of_itself_alone(
    vault: StoreVault, kind: str, state: str, refund_state: str
) -> None:
    data = {**DATA, "reference": "order-1.order-r1", "metadata": None}
    (notice,) = read(vault, kind, data)
    assert (notice.state, notice.amount, notice.refund_state) == (state, None, refund_state)
    assert (notice.reference, notice.refund_reference) == ("order-1", "order-r1")


def test_a_refund_that_somebody_made_in_the_dashboard_is_told_by_the_sum_or_by_its_action(vault: StoreVault) -> None:
    (by_sum,) = read(vault, "payment_refunded", {**DATA, "balances": BALANCES})
    assert (by_sum.amount, by_sum.refund_reference, by_sum.refund_state) == (Money(300, "SAR"), "", "")
    (by_action,) = read(vault, "payment_refunded", DATA)
    assert (by_action.amount, by_action.refund_reference, by_action.refund_state) == (None, "act_1", REFUNDED)


def test_each_event_of_a_dispute_has_its_place(vault: StoreVault) -> None:
    data = {"id": "dsp_1", "payment_id": "pay_1", "payment_reference": "order-1", "amount": 9200, "currency": "SAR"}
    for kind, state in DISPUTE_EVENT.items():
        (notice,) = read(vault, kind, data)
        assert notice == Notice("evt_1", "order-1", "pay_1", state, None, AT + 2)
        lost = kind.endswith(("lost", "accepted", "expired"))
        won = kind.endswith(("won", "canceled", "resolved"))
        assert state == (DISPUTE_LOST if lost else DISPUTE_WON if won else DISPUTED)


@pytest.mark.parametrize("kind", ["payment_instrument_created", "card_verified", "payout_paid", "", None])
def test_other_news_give_no_notices(vault: StoreVault, kind: Any) -> None:
    assert read(vault, kind, {"id": "x"}) == []


@pytest.mark.parametrize(
    "change",
    [{"amount": "9200"}, {"amount": 92.0}, {"amount": None}, {"amount": True}, {"currency": None}, {"currency": "XXX"}],
)
def test_an_amount_that_cannot_be_read_is_a_bad_request(vault: StoreVault, change: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        read(vault, "payment_captured", {**DATA, **change})


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{", b"{}", b'{"id":"evt_1","type":"payment_captured","data":[]}']
)
def test_a_genuine_body_of_another_shape_is_a_bad_request(vault: StoreVault, body: bytes) -> None:
    with pytest.raises(BadRequest):
        read_body(vault, body)


@pytest.mark.parametrize(
    ("processed_on", "changes", "seconds"),
    [("2026-03-01T04:00:07Z", {}, AT), ("2026-03-01T07:00:07.1+03:00", {}, AT), ("2026-02-28T23:00:07-05:00", {}, AT),
     (None, {}, AT + 2), ("soon", {"created_on": None, "timestamp": "2026-03-01T04:00:07.292+00:00"}, AT),
     (None, {"created_on": 7}, 0)],
)  # fmt: skip
def test_the_time_is_that_of_the_capture_where_it_is_told(
    vault: StoreVault, processed_on: Any, changes: dict[str, Any], seconds: int
) -> None:
    (notice,) = read(vault, "payment_captured", {**DATA, "processed_on": processed_on}, **changes)
    assert notice.occurred_at == seconds


STATUSES = [
    ("Pending", PENDING, None), ("Authorized", PENDING, None), ("Card Verified", PENDING, None),
    ("Retry Scheduled", PENDING, None), ("Captured", CAPTURED, 9200), ("Partially Captured", CAPTURED, 9200),
    ("Partially Refunded", PART_REFUNDED, 300), ("Refunded", REFUNDED, 300), ("Declined", FAILED, None),
    ("Canceled", FAILED, None), ("Expired", FAILED, None), ("Voided", FAILED, None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "state", "minor"), [*STATUSES, ("A Word Of Next Year", PENDING, None), (None, PENDING, None)]
)
def test_every_status_of_a_fetched_payment_has_its_place(status: Any, state: str, minor: int | None) -> None:
    notice = fetched_notice("order-1", {**PAYMENT, "status": status, "balances": BALANCES})
    assert (notice.state, notice.amount and notice.amount.amount_minor) == (state, minor)
    gone_back = state in (PART_REFUNDED, REFUNDED)
    assert (notice.occurred_at, notice.captured_at) == ((0, AT) if gone_back else (AT, 0))
    assert notice.captured == (Money(9200, "SAR") if gone_back else None)
    assert {word for word, _, _ in STATUSES} == set(PAYMENT_STATUS)


def test_a_payment_without_balances_is_read_by_its_amount() -> None:
    for status in ("Captured", "Refunded"):
        bare = {name: value for name, value in PAYMENT.items() if name != "balances"}
        assert fetched_notice("order-1", {**bare, "status": status}).amount == Money(9200, "SAR")


def test_of_several_tries_the_one_that_took_the_money_counts() -> None:
    declined, paid, pending = ({"id": word, "status": word} for word in ("Declined", "Captured", "Pending"))
    assert best_of([declined, pending, paid]) is paid
    assert best_of([declined, pending]) is pending
    assert best_of([declined]) is declined
    assert best_of([]) is None


@pytest.mark.parametrize(("approved", "state"), [(True, REFUNDED), (False, FAILED), (None, PENDING), ("yes", PENDING)])
def test_a_refunds_action_has_its_place(approved: Any, state: str) -> None:
    assert action_state({"approved": approved}) == state


@pytest.mark.parametrize("entry", OWN["genuine"], ids=lambda entry: entry["name"])
def test_a_genuine_vector_of_ours_is_read(vault: StoreVault, entry: dict[str, Any]) -> None:
    held = provider(vault, *OWN["keys"])
    notices, kept = held.read_webhook({"cko-signature": entry["header"]}, entry["body"].encode(), AT)
    assert [notice.state for notice in notices] == entry["states"]
    assert kept.status == 200


@pytest.mark.parametrize("how", ["plain", "utf-8", "bom", "indented"])
def test_the_signature_holds_on_the_raw_bytes_through_both_gateways(vault: StoreVault, how: str) -> None:
    """Issue museum, row 5: stripe-node #1768. https://github.com/stripe/stripe-node/issues/1768"""
    event = {"id": "evt_1", "type": "payment_captured", "data": {**DATA, "note": "®™ مدى"}}
    text = json.dumps(event, ensure_ascii=how == "plain", indent=2 if how == "indented" else None)
    body = ("\ufeff" + text if how == "bom" else text).encode()
    headers = {"Cko-Signature": sign(body), "Content-Type": "application/json; charset=utf-8"}
    for call in through_both_gateways(PATH, headers, body):
        (notice,), _ = provider(vault).read_webhook(call.headers, call.body, AT)
        assert notice.state == CAPTURED
        with pytest.raises(SignatureRefused):
            provider(vault).read_webhook(call.headers, call.body + b" ", AT)
