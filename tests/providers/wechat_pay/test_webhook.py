"""A verified notice in our words; what the door does with the rest."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support import wechat_pay_notices as made
from tests.support.gateways import through_both_gateways
from tests.support.wechat_pay_notices import NOW
from twinshore.errors import BadRequest
from twinshore.money import Money
from twinshore.payments.port import (
    CAPTURED,
    CLOSED,
    CREATED,
    FAILED,
    PART_REFUNDED,
    PENDING,
    REFUNDED,
    Acknowledgement,
    Notice,
    SignatureRefused,
)
from twinshore.providers.wechat_pay.status import payment_notice

PATH = "/v1/webhooks/wechat_pay"


def read(content: Any, event_type: str = "TRANSACTION.SUCCESS") -> list[Notice]:
    headers, body = made.notice(content, event_type)
    return made.provider().read_webhook(headers, body, NOW)[0]


def test_a_payment_matches_on_the_total_for_a_coupon_makes_the_payer_pay_less() -> None:
    expected = Notice(
        "notice-1", "attempt-000001", "4200000000000000000000000001", CAPTURED, Money(1299, "CNY"), 1789999980
    )
    assert read(made.transaction()) == [expected]


def test_the_acknowledgement_is_the_one_that_old_and_new_pages_take() -> None:
    headers, body = made.notice(made.transaction())
    _, kept = made.provider().read_webhook(headers, body, NOW)
    assert kept == Acknowledgement(200, '{"code":"SUCCESS","message":"成功"}'.encode(), "application/json")


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("NOTPAY", CREATED), ("USERPAYING", PENDING), ("ACCEPT", PENDING), ("SUCCESS", CAPTURED),
        ("REFUND", PART_REFUNDED), ("CLOSED", CLOSED), ("REVOKED", CLOSED), ("PAYERROR", FAILED),
        ("A_WORD_OF_NEXT_YEAR", PENDING), ("", PENDING), ("success", PENDING),
    ],
)  # fmt: skip
def test_every_trade_state_has_its_place_and_an_unknown_one_is_pending(word: str, state: str) -> None:
    assert payment_notice("id", made.transaction(trade_state=word)).state == state


@pytest.mark.parametrize(
    ("word", "returned", "state", "amount", "refund_state"),
    [
        ("SUCCESS", 300, PART_REFUNDED, None, REFUNDED),
        ("SUCCESS", 1299, REFUNDED, Money(1299, "CNY"), REFUNDED),
        ("PROCESSING", 300, CAPTURED, None, PENDING),
        ("ABNORMAL", 300, CAPTURED, None, PENDING),
        ("CLOSED", 300, CAPTURED, None, FAILED),
        ("A_WORD_OF_NEXT_YEAR", 300, CAPTURED, None, PENDING),
    ],
)
def test_a_refund_notice_tells_of_one_refund(
    word: str, returned: int, state: str, amount: Money | None, refund_state: str
) -> None:
    content = made.refund(refund_status=word)
    content["amount"]["refund"] = returned
    (notice,) = read(content, f"REFUND.{word}")
    assert (notice.state, notice.amount, notice.refund_state) == (state, amount, refund_state)
    assert (notice.reference, notice.refund_reference) == ("attempt-000001", "refund-000001")


@pytest.mark.parametrize("text", ["2026-09-21T22:13:00+08:00", "2026-09-21T14:13:00Z", "2026-09-21T14:13:00+00:00"])
def test_a_time_is_the_same_moment_in_every_spelling(text: str) -> None:
    assert read(made.transaction(success_time=text))[0].occurred_at == 1789999980


def test_other_news_is_acknowledged_and_says_nothing_of_payments() -> None:
    headers, body = made.notice({"mchid": made.MCHID}, "PAYSCORE.USER_OPEN_SERVICE")
    notices, kept = made.provider().read_webhook(headers, body, NOW)
    assert (notices, kept.status) == ([], 200)


@pytest.mark.parametrize(
    "change",
    [
        {"mchid": "1900000009"}, {"mchid": None}, {"amount": None}, {"amount": {"total": "1299", "currency": "CNY"}},
        {"amount": {"total": 12.99, "currency": "CNY"}}, {"amount": {"total": True, "currency": "CNY"}},
        {"amount": {"total": 1299, "currency": "XXX"}}, {"amount": {"currency": "CNY"}}, {"amount": []},
        {"success_time": "yesterday"}, {"success_time": "2026-09-21T22:13:00"},
    ],
)  # fmt: skip
def test_a_genuine_notice_that_cannot_be_read_is_a_bad_request(change: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        read(made.transaction(**change))


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff", b'{"event_type":"TRANSACTION.SUCCESS"}'])
def test_a_genuine_body_of_another_shape_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(BadRequest):
        made.provider().read_webhook(made.signed(body), body, NOW)


@pytest.mark.parametrize("how", ["plain", "utf-8", "bom", "escaped"])
def test_museum_5_the_signature_holds_on_the_raw_bytes_through_both_gateways(how: str) -> None:
    """Issue museum, row 5: stripe-node #1768. https://github.com/stripe/stripe-node/issues/1768

    Plain, UTF-8, with a byte order mark (which the JSON reader drops, after the check), and with escaped
    slashes that a parse and dump would lose; as text and as base64.
    """
    content = made.envelope(made.transaction())
    text = json.dumps(content, ensure_ascii=how != "utf-8", separators=(",", ":"))
    text = text.replace("/", "\\/") if how == "escaped" else "\ufeff" + text if how == "bom" else text
    body = text.encode()
    headers = {name.title(): value for name, value in made.signed(body).items()}
    for call in through_both_gateways(PATH, headers, body):
        assert call.body == body
        (notice,), _ = made.provider().read_webhook(call.headers, call.body, NOW)
        assert notice.state == CAPTURED
        with pytest.raises(SignatureRefused):
            made.provider().read_webhook(call.headers, call.body + b" ", NOW)
