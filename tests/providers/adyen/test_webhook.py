"""A verified notification in our words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from Adyen import util

from tests.support.gateways import through_both_gateways
from tests.support.vaults import NoVault, sqlite_vault
from tests.support.vectors import load
from twinshore.money import Money
from twinshore.payments.port import (
    AUTHORISED,
    CAPTURED,
    CLOSED,
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
from twinshore.providers.adyen.account import Account
from twinshore.providers.adyen.client import Adyen
from twinshore.providers.adyen.status import DISPUTE_EVENT, PAYMENT_EVENT, REFUND_EVENT
from twinshore.providers.exchange import send_outbound

OWN = load(Path(__file__).parent / "vectors.json")
KEY = OWN["hmac_keys"][0]
KEYS = tuple(bytes.fromhex(key) for key in OWN["hmac_keys"])
NOW = 1_790_000_000
PATH = "/v1/webhooks/adyen"
PAID = {
    "pspReference": "TEA0000000000001", "merchantAccountCode": "TeaShopECOM", "merchantReference": "attempt-000001",
    "amount": {"value": 1299, "currency": "EUR"}, "eventCode": "AUTHORISATION", "success": "true",
    "eventDate": "2026-09-21T10:00:00+02:00", "reason": "033899:1111:03/2030",
}  # fmt: skip
CHANGED = {**PAID, "pspReference": "MOD0000000000001", "originalReference": "TEA0000000000001"}
TOLD_AT = 1_789_977_600
"""`eventDate` of the notices below."""


def provider(automatic: bool = True, vault: Any = None) -> Adyen:
    return Adyen(
        "http://127.0.0.1:9", Account("AQE", "TeaShopECOM", KEYS, automatic), vault or NoVault(), send=send_outbound
    )


def notification(*items: dict[str, Any]) -> bytes:
    signed = [
        {**item, "additionalData": {"hmacSignature": util.generate_notification_sig(item, KEY).decode()}}
        for item in items
    ]
    wrapped = [{"NotificationRequestItem": item} for item in signed]
    return json.dumps({"live": "false", "notificationItems": wrapped}, ensure_ascii=False).encode()


def read(*items: dict[str, Any], automatic: bool = True, vault: Any = None) -> list[Notice]:
    notices, kept = provider(automatic, vault).read_webhook({}, notification(*items), NOW)
    assert kept == (200, b"[accepted]", "text/plain")
    return notices


@pytest.mark.parametrize(
    ("automatic", "success", "state", "provider_id", "amount"),
    [
        (True, "true", CAPTURED, "TEA0000000000001", Money(1299, "EUR")),
        (False, "true", AUTHORISED, "TEA0000000000001", Money(1299, "EUR")),
        (True, "false", FAILED, "", None),
        (False, "false", FAILED, "", None),
        (True, "perhaps", PENDING, "", None),
    ],
)
def test_an_authorisation_is_a_capture_only_where_the_account_captures_by_itself(
    automatic: bool, success: str, state: str, provider_id: str, amount: Money | None
) -> None:
    (notice,) = read({**PAID, "success": success}, automatic=automatic)
    name = f"AUTHORISATION.TEA0000000000001.{success}"
    assert notice == Notice(name, "attempt-000001", provider_id, state, amount, TOLD_AT)


@pytest.mark.parametrize(
    ("event", "success", "state"),
    [
        ("CAPTURE", "true", CAPTURED), ("CAPTURE", "false", PENDING), ("CAPTURE_FAILED", "true", FAILED),
        ("CAPTURE_FAILED", "false", PENDING), ("CANCELLATION", "true", CLOSED), ("CANCELLATION", "false", PENDING),
        ("TECHNICAL_CANCEL", "true", CLOSED), ("TECHNICAL_CANCEL", "false", PENDING), ("EXPIRE", "true", CLOSED),
        ("EXPIRE", "false", PENDING), ("OFFER_CLOSED", "true", FAILED), ("OFFER_CLOSED", "false", PENDING),
        ("CAPTURE", "", PENDING),
    ],
)  # fmt: skip
def test_each_event_of_a_payment_has_its_place(event: str, success: str, state: str) -> None:
    (notice,) = read({**CHANGED, "eventCode": event, "success": success}, automatic=False)
    assert (notice.state, notice.provider_id, notice.reference) == (state, "TEA0000000000001", "attempt-000001")
    assert (notice.amount is not None) == (state == CAPTURED)
    assert event in PAYMENT_EVENT


@pytest.mark.parametrize(
    ("event", "success", "state", "refund_state"),
    [
        ("REFUND", "true", PART_REFUNDED, REFUNDED), ("REFUND", "false", CAPTURED, FAILED),
        ("CANCEL_OR_REFUND", "true", PART_REFUNDED, REFUNDED), ("CANCEL_OR_REFUND", "false", CAPTURED, FAILED),
        ("REFUND_FAILED", "true", CAPTURED, FAILED), ("REFUND_FAILED", "false", CAPTURED, PENDING),
        ("REFUNDED_REVERSED", "true", CAPTURED, FAILED), ("REFUNDED_REVERSED", "false", CAPTURED, PENDING),
        ("REFUND", "new_word", CAPTURED, PENDING),
    ],
)  # fmt: skip
def test_a_refund_event_tells_of_one_refund(event: str, success: str, state: str, refund_state: str) -> None:
    item = {**CHANGED, "eventCode": event, "success": success, "merchantReference": "attempt-000001.refund-000001"}
    (notice,) = read(item)
    assert (notice.state, notice.amount, notice.refund_state) == (state, None, refund_state)
    assert (notice.reference, notice.refund_reference) == ("attempt-000001", "refund-000001")
    assert notice.provider_id == "TEA0000000000001"
    assert event in REFUND_EVENT


def test_a_refund_named_after_its_payment_is_found_by_what_adyen_called_it(tmp_path: Path) -> None:
    vault = sqlite_vault(tmp_path, "adyen")
    vault.put("refund.MOD0000000000001", "refund-000001", 4_000_000_000)
    (notice,) = read({**CHANGED, "eventCode": "REFUND"}, vault=vault)
    assert (notice.reference, notice.refund_reference) == ("attempt-000001", "refund-000001")


def test_a_refund_that_somebody_made_in_the_dashboard_has_no_reference_of_ours() -> None:
    (notice,) = read({**CHANGED, "eventCode": "REFUND"})
    assert (notice.reference, notice.refund_reference) == ("attempt-000001", "adyen-MOD0000000000001")
    assert notice.amount is None


@pytest.mark.parametrize(
    ("event", "state"),
    [
        ("REQUEST_FOR_INFORMATION", DISPUTED), ("NOTIFICATION_OF_CHARGEBACK", DISPUTED), ("CHARGEBACK", DISPUTED),
        ("INFORMATION_SUPPLIED", DISPUTED), ("DISPUTE_DEFENSE_PERIOD_ENDED", DISPUTED),
        ("CHARGEBACK_REVERSED", DISPUTE_WON), ("PREARBITRATION_WON", DISPUTE_WON),
        ("ISSUER_RESPONSE_TIMEFRAME_EXPIRED", DISPUTE_WON), ("SECOND_CHARGEBACK", DISPUTE_LOST),
        ("PREARBITRATION_LOST", DISPUTE_LOST),
    ],
)  # fmt: skip
def test_each_event_of_a_dispute_has_its_place(event: str, state: str) -> None:
    (notice,) = read({**CHANGED, "eventCode": event, "pspReference": "DSP1"})
    assert notice == Notice(f"{event}.DSP1.true", "attempt-000001", "TEA0000000000001", state, None, TOLD_AT)
    (odd,) = read({**CHANGED, "eventCode": event, "success": "false"})
    assert odd.state == PENDING
    assert event in DISPUTE_EVENT


@pytest.mark.parametrize("event", ["REPORT_AVAILABLE", "NOTIFICATION_OF_FRAUD", "PAYOUT_EXPIRE", "NEXT_YEAR", ""])
def test_other_news_is_acknowledged_and_gives_no_notices(event: str) -> None:
    assert read({**PAID, "eventCode": event}) == []


@pytest.mark.parametrize(
    "change",
    [
        {"amount": {"value": "1299", "currency": "EUR"}}, {"amount": {"value": 1299, "currency": "XXX"}},
        {"amount": {"value": 1299, "currency": "CLF"}}, {"amount": {"value": 50, "currency": "ISK"}},
        {"amount": {"value": 10**17, "currency": "EUR"}}, {"merchantReference": 7}, {"pspReference": "a:b"},
        {"merchantReference": "shop:attempt-000001"}, {"eventCode": 5},
    ],
)  # fmt: skip
def test_a_genuine_item_that_cannot_be_read_is_lamented_and_acknowledged(
    change: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """Adyen would repeat it for 30 days, and hold back everything behind it."""
    assert [notice.reference for notice in read({**PAID, **change}, PAID)] == ["attempt-000001"]
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["level"] == "error"
    assert json.loads(line)["message"] == "a notice of adyen cannot be read"


def test_the_fields_of_another_payment_cannot_be_cut_into_ones_own() -> None:
    """Nothing is escaped in what is signed: this is genuine, and was signed for the reference `x:attempt-000001`."""
    cut = {**PAID, "merchantAccountCode": "TeaShopECOM:x"}
    whole = {**PAID, "merchantReference": "x:attempt-000001"}
    assert util.generate_notification_sig(cut, KEY) == util.generate_notification_sig(whole, KEY)
    assert read(cut) == read(whole) == []


def test_news_for_another_merchant_account_is_acknowledged_and_is_not_ours(capsys: pytest.CaptureFixture[str]) -> None:
    assert read({**PAID, "merchantAccountCode": "AnotherShop"}) == []
    assert "another account" in capsys.readouterr().out


def test_a_capture_that_fails_later_is_heard_of_by_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    read({**CHANGED, "eventCode": "CAPTURE_FAILED"})
    assert json.loads(capsys.readouterr().out)["level"] == "error"


@pytest.mark.parametrize(
    ("event", "success", "undone"),
    [("CAPTURE_FAILED", "true", True), ("CAPTURE_FAILED", "false", False), ("CAPTURE", "false", False),
     ("AUTHORISATION", "false", False)],
)  # fmt: skip
def test_only_a_failed_capture_undoes_one(event: str, success: str, undone: bool) -> None:
    (notice,) = read({**CHANGED, "eventCode": event, "success": success})
    assert notice.undone is undone


@pytest.mark.parametrize(
    ("date", "seconds"),
    [("2026-09-21T08:00:00Z", 1_789_977_600), ("2026-09-21T08:00:00.5+00:00", 1_789_977_600), ("", 0), (None, 0),
     ("2026-09-21T08:00:00", 0), ("yesterday", 0), (7, 0)],
)  # fmt: skip
def test_the_time_is_the_events_own_where_it_can_be_read(date: Any, seconds: int) -> None:
    (notice,) = read({**PAID, "eventDate": date})
    assert notice.occurred_at == seconds


def test_every_item_of_a_batch_is_read() -> None:
    batch = (PAID, {**CHANGED, "eventCode": "REFUND"}, {**PAID, "eventCode": "REPORT_AVAILABLE"})
    assert [notice.state for notice in read(*batch)] == [CAPTURED, PART_REFUNDED]


@pytest.mark.parametrize(
    ("value", "currency", "minor"), [(5000, "JPY", 5000), (10000, "IDR", 1000000), (12345, "KWD", 12345)]
)
def test_amounts_are_read_in_adyens_scale(value: int, currency: str, minor: int) -> None:
    (notice,) = read({**PAID, "amount": {"value": value, "currency": currency}})
    assert notice.amount == Money(minor, currency)


@pytest.mark.parametrize("entry", OWN["genuine"], ids=lambda entry: entry["name"])
def test_a_genuine_vector_of_ours_is_read(entry: dict[str, Any]) -> None:
    notices, _ = provider().read_webhook({}, entry["body"].encode(), NOW)
    assert [notice.state for notice in notices] == entry["states"]


@pytest.mark.parametrize("how", ["plain", "utf-8", "bom", "indented"])
def test_the_signature_holds_through_both_gateways(how: str) -> None:
    content = json.loads(notification({**PAID, "reason": "两罐茶"}))
    text = json.dumps(content, ensure_ascii=how == "plain", indent=2 if how == "indented" else None)
    body = ("\ufeff" + text if how == "bom" else text).encode()
    headers = {"Content-Type": "application/json; charset=utf-8"}
    for call in through_both_gateways(PATH, headers, body):
        (notice,), _ = provider().read_webhook(call.headers, call.body, NOW)
        assert notice.state == CAPTURED
        with pytest.raises(SignatureRefused):
            provider().read_webhook(call.headers, call.body.replace(b"1299", b"1298"), NOW)
