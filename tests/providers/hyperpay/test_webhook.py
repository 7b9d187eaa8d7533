"""An opened notice in our words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from Crypto.Cipher import AES

from tests.support.gateways import through_both_gateways
from tests.support.vectors import load
from twinshore.errors import BadRequest
from twinshore.money import Money
from twinshore.payments.port import (
    CAPTURED,
    CREATED,
    DISPUTE_WON,
    DISPUTED,
    FAILED,
    PART_REFUNDED,
    PENDING,
    REFUNDED,
    Notice,
    SignatureRefused,
)
from twinshore.providers.exchange import send_outbound
from twinshore.providers.hyperpay.client import Account, HyperPay
from twinshore.providers.hyperpay.status import fetched_notice
from twinshore.vault import StoreVault

OWN = load(Path(__file__).parent / "vectors.json")
KEY = OWN["keys"][0]
PATH = "/v1/webhooks/hyperpay"
AT = 1_772_337_607  # 2026-03-01T04:00:07Z
DEBIT = {
    "id": "8ac1", "paymentType": "DB", "paymentBrand": "MADA", "amount": "92.00", "currency": "SAR",
    "merchantTransactionId": "order-1", "result": {"code": "000.000.000"}, "timestamp": "2026-03-01 04:00:07.001+0000",
}  # fmt: skip
REFUND = {**DEBIT, "id": "8ac2", "paymentType": "RF", "amount": "10.00", "merchantTransactionId": "order-1.order-r1",
          "referencedId": "8ac1"}  # fmt: skip
CHARGEBACK = {**DEBIT, "id": "8ac3", "paymentType": "CB", "referencedId": "8ac1"}


def provider(vault: StoreVault, takes_test: bool = False) -> HyperPay:
    return HyperPay(
        "http://127.0.0.1:9", Account("t", {"mada": "e"}, tuple(OWN["keys"]), takes_test), vault, send=send_outbound
    )


def seal(plain: bytes, wrapped: bool = False) -> tuple[dict[str, str], bytes]:
    iv = b"unique nonce"
    body, tag = AES.new(bytes.fromhex(KEY), AES.MODE_GCM, nonce=iv).encrypt_and_digest(plain)
    text = json.dumps({"encryptedBody": body.hex()}) if wrapped else body.hex()
    return {"X-Initialization-Vector": iv.hex(), "X-Authentication-Tag": tag.hex()}, text.encode()


def read_plain(vault: StoreVault, plain: bytes, takes_test: bool = False) -> list[Notice]:
    headers, body = seal(plain)
    return provider(vault, takes_test).read_webhook({k.lower(): v for k, v in headers.items()}, body, AT)[0]


def read(vault: StoreVault, payload: Any, kind: str = "PAYMENT", takes_test: bool = False) -> list[Notice]:
    return read_plain(vault, json.dumps({"type": kind, "payload": payload}).encode(), takes_test)


CODES = [
    ("000.000.000", CAPTURED), ("000.000.100", CAPTURED), ("000.300.000", CAPTURED), ("000.600.000", CAPTURED),
    ("000.400.110", CAPTURED), ("000.400.120", CAPTURED), ("000.400.000", CAPTURED), ("000.400.100", CAPTURED),
    ("000.400.030", PENDING),  # partly failed, to be reversed by hand
    ("000.100.110", PENDING), ("000.100.112", PENDING),  # a success of the test mode moves no money
    ("000.200.000", PENDING), ("000.200.100", PENDING), ("800.400.500", PENDING), ("100.400.500", PENDING),
    ("900.100.300", PENDING), ("999.999.888", PENDING), ("", PENDING), ("soon", PENDING), ("001.000.000", PENDING),
    ("000.400.101", FAILED), ("000.400.200", FAILED), ("100.396.101", FAILED), ("100.100.101", FAILED),
    ("200.300.404", FAILED), ("300.100.100", FAILED), ("500.100.201", FAILED), ("600.200.500", FAILED),
    ("700.400.100", FAILED), ("800.100.153", FAILED), ("800.110.100", FAILED),
]  # fmt: skip


@pytest.mark.parametrize(("code", "state"), CODES)
def test_each_result_code_has_its_place(vault: StoreVault, code: str, state: str) -> None:
    taken = state == CAPTURED
    money = Money(9200, "SAR") if taken else None
    expected = Notice(f"8ac1:{state}", "order-1", "8ac1" if taken else "", state, money, AT)
    assert read(vault, {**DEBIT, "result": {"code": code}}) == [expected]


def test_a_success_of_the_test_mode_counts_only_where_we_said_that_it_is_a_test(vault: StoreVault) -> None:
    (notice,) = read(vault, {**DEBIT, "result": {"code": "000.100.110"}}, takes_test=True)
    assert notice.state == CAPTURED


@pytest.mark.parametrize(
    ("amount", "currency", "money"),
    [("92.00", "SAR", Money(9200, "SAR")), ("1.250", "KWD", Money(1250, "KWD")), ("0.005", "BHD", Money(5, "BHD"))],
)
def test_amounts_are_read_exactly(vault: StoreVault, amount: str, currency: str, money: Money) -> None:
    (notice,) = read(vault, {**DEBIT, "amount": amount, "currency": currency})
    assert notice.amount == money


@pytest.mark.parametrize(
    ("code", "state", "refund_state"),
    [("000.000.000", PART_REFUNDED, REFUNDED), ("000.200.000", CAPTURED, PENDING), ("800.100.100", CAPTURED, FAILED),
     ("a new word", CAPTURED, PENDING)],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["RF", "RV"])
def test_a_refund_tells_of_itself_and_never_of_the_sum(
    vault: StoreVault, kind: str, code: str, state: str, refund_state: str
) -> None:
    (notice,) = read(vault, {**REFUND, "paymentType": kind, "result": {"code": code}})
    assert (notice.state, notice.amount, notice.refund_state) == (state, None, refund_state)
    assert (notice.reference, notice.refund_reference, notice.provider_id) == ("order-1", "order-r1", "8ac1")


@pytest.mark.parametrize("name", [None, "", "order-1"])
def test_a_refund_that_somebody_made_in_the_portal_goes_by_its_own_id(vault: StoreVault, name: Any) -> None:
    (notice,) = read(vault, {**REFUND, "merchantTransactionId": name})
    assert (notice.reference, notice.refund_reference, notice.provider_id) == ("", "8ac2", "8ac1")


def test_a_chargeback_and_its_reversal_are_told(vault: StoreVault) -> None:
    for kind, state in (("CB", DISPUTED), ("CR", DISPUTE_WON)):
        (notice,) = read(vault, {**CHARGEBACK, "paymentType": kind})
        assert (notice.state, notice.reference, notice.provider_id) == (state, "order-1", "8ac1")


@pytest.mark.parametrize("kind", ["REGISTRATION", "SCHEDULE", "RISK", "test", "", None])
def test_other_news_give_no_notices(vault: StoreVault, kind: Any) -> None:
    assert read(vault, DEBIT, kind) == []
    assert read(vault, {**DEBIT, "paymentType": "3D"}) == []


@pytest.mark.parametrize(
    "change",
    [{"amount": 92.0}, {"amount": None}, {"amount": "92,00"}, {"amount": "92.001"}, {"amount": "9e1"},
     {"currency": None}, {"currency": "XXX"}, {"id": ""}, {"id": None}],
)  # fmt: skip
def test_what_cannot_be_read_is_a_bad_request(vault: StoreVault, change: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        read(vault, {**DEBIT, **change})


@pytest.mark.parametrize(
    "plain", [b"[]", b"null", b"{", b"\xff", b'{"type":"PAYMENT"}', b'{"type":"PAYMENT","payload":1}']
)
def test_a_genuine_body_of_another_shape_is_a_bad_request(vault: StoreVault, plain: bytes) -> None:
    with pytest.raises(BadRequest):
        read_plain(vault, plain)


@pytest.mark.parametrize(
    ("stamp", "seconds"),
    [("2026-03-01 04:00:07+0000", AT), ("2026-03-01 07:00:07+0300", AT), ("2026-03-01T04:00:07.999Z", AT),
     ("2026-02-28 23:00:07-05:00", AT), ("yesterday", 0), (None, 0)],
)  # fmt: skip
def test_the_time_of_the_payment_is_read_with_its_zone(vault: StoreVault, stamp: Any, seconds: int) -> None:
    (notice,) = read(vault, {**DEBIT, "timestamp": stamp})
    assert notice.occurred_at == seconds


@pytest.mark.parametrize(
    ("transactions", "state", "amount"),
    [
        ([], CREATED, None),
        ([{**DEBIT, "result": {"code": "800.100.153"}}], FAILED, None),
        ([{**DEBIT, "result": {"code": "000.200.000"}}, {**DEBIT, "result": {"code": "800.100.153"}}], PENDING, None),
        ([{**DEBIT, "result": {"code": "a new word"}}], PENDING, None),
        ([{**DEBIT, "result": {"code": "800.100.153"}}, DEBIT], CAPTURED, 9200),
        ([DEBIT, REFUND], PART_REFUNDED, 1000),
        ([DEBIT, REFUND, {**REFUND, "amount": "82.00"}], REFUNDED, 9200),
        ([DEBIT, {**REFUND, "result": {"code": "800.100.100"}}], CAPTURED, 9200),
        ([DEBIT, {**REFUND, "paymentType": "RV"}], REFUNDED, 9200),
        ([DEBIT, CHARGEBACK], DISPUTED, 9200),
        ([DEBIT, {**CHARGEBACK, "paymentType": "CR", "timestamp": "2026-04-01 04:00:07+0000"}, CHARGEBACK],
         DISPUTE_WON, 9200),
    ],
)  # fmt: skip
def test_a_report_is_summed_up(transactions: list[dict[str, Any]], state: str, amount: int | None) -> None:
    notice = fetched_notice("order-1", transactions, takes_test=False)
    assert (notice.state, notice.amount and notice.amount.amount_minor) == (state, amount)


@pytest.mark.parametrize("entry", OWN["genuine"], ids=lambda entry: entry["name"])
def test_a_genuine_vector_of_ours_is_read(vault: StoreVault, entry: dict[str, Any]) -> None:
    headers = {"x-initialization-vector": entry["iv"], "x-authentication-tag": entry["tag"]}
    notices, kept = provider(vault).read_webhook(headers, entry["body"].encode(), AT)
    assert [notice.state for notice in notices] == entry["states"]
    assert kept.status == 200


@pytest.mark.parametrize("how", ["hex", "json", "bom"])
def test_the_seal_holds_on_the_raw_bytes_through_both_gateways(vault: StoreVault, how: str) -> None:
    """Issue museum, row 5: stripe-node #1768. https://github.com/stripe/stripe-node/issues/1768"""
    headers, body = seal(
        json.dumps({"type": "PAYMENT", "payload": {**DEBIT, "descriptor": "مدى"}}).encode(), how != "hex"
    )
    body = b"\xef\xbb\xbf" + body if how == "bom" else body
    headers = {**headers, "Content-Type": "text/plain"}
    for call in through_both_gateways(PATH, headers, body):
        (notice,), _ = provider(vault).read_webhook(call.headers, call.body, AT)
        assert notice.state == CAPTURED
        with pytest.raises(SignatureRefused):
            provider(vault).read_webhook(call.headers, call.body + b"00", AT)
