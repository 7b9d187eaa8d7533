"""Every way of not answering and of refusing; and the official SDK at the twin, so that it speaks Adyen and not us."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Iterator

import Adyen as OfficialSdk
import pytest
from Adyen import util

from sandbox.twins.adyen import AdyenTwin
from tests.support.adyen_place import EUR_1299, NOW, ORDER, attempt, control, provider
from tests.support.at_twins import hasty, reason
from tests.support.pairs import UNCLEAR, in_words
from tests.support.receiver import Receiver
from twinshore import outbound
from twinshore.errors import Unavailable
from twinshore.payments.port import OutcomeUnknown, ProviderRefused


@pytest.fixture
def twin() -> Iterator[AdyenTwin]:
    with AdyenTwin() as running:
        yield running


@pytest.fixture
def manual() -> Iterator[AdyenTwin]:
    with AdyenTwin(capture="manual") as running:
        yield running


@pytest.mark.parametrize("fault", UNCLEAR, ids=in_words)
def test_without_a_clear_answer_nobody_knows_whether_money_was_captured_or_let_go(
    manual: AdyenTwin, tmp_path: Path, fault: dict[str, Any]
) -> None:
    pay = provider(manual, tmp_path, hasty)
    control(manual, "faults", fault)
    for call in (
        lambda: pay.close(ORDER, "PSP1", NOW),
        lambda: pay.capture(ORDER, "PSP1", {}, EUR_1299, NOW),
    ):
        with pytest.raises(OutcomeUnknown):
            call()


@pytest.mark.parametrize(
    ("status", "answer", "why"),
    [
        (422, {"errorCode": "137"}, "amount"), (422, {"errorCode": "138"}, "currency"), (422, {}, "refused"),
        (422, {"errorCode": "702"}, "malformed"), (422, {"errorCode": "167"}, "not_found"), (404, {}, "not_found"),
        (403, {"errorCode": "901"}, "configuration"), (401, {}, "configuration"),
        (400, {"errorCode": "new"}, "refused"),
    ],
)  # fmt: skip
def test_refusals_carry_a_reason_of_ours(
    twin: AdyenTwin, tmp_path: Path, status: int, answer: dict[str, Any], why: str
) -> None:
    def refuse(*_: Any) -> outbound.Reply:
        return outbound.Reply(status, {}, json.dumps(answer).encode())

    with pytest.raises(ProviderRefused) as refused:
        provider(twin, tmp_path, refuse).create(attempt(), NOW)
    assert reason(refused) == why


@pytest.mark.parametrize(
    ("status", "code", "kind"), [(422, "704", OutcomeUnknown), (409, "", OutcomeUnknown), (429, "", Unavailable)]
)
def test_what_may_be_asked_again_is_no_refusal(
    twin: AdyenTwin, tmp_path: Path, status: int, code: str, kind: type[Unavailable]
) -> None:
    def busy(*_: Any) -> outbound.Reply:
        return outbound.Reply(status, {}, json.dumps({"errorCode": code}).encode())

    with pytest.raises(kind):
        provider(twin, tmp_path, busy).create(attempt(), NOW)


def test_the_official_sdk_pays_at_our_twin_and_reads_its_notifications(twin: AdyenTwin, tmp_path: Path) -> None:
    with Receiver() as receiver:
        twin.webhook_url = receiver.url
        secret = twin.secret()
        sdk = OfficialSdk.Adyen(xapikey=secret["api_key"], platform="test")
        sdk.client.api_checkout_version = "v71"
        api = sdk.checkout.payment_links_api
        api.baseUrl = sdk.checkout.modifications_api.baseUrl = f"{twin.url}/v71"
        account = {"merchantAccount": secret["merchant_account"]}
        made = api.payment_links(
            {**account, "reference": ORDER, "amount": {"value": 1299, "currency": "EUR"}, "captureDelayHours": 0,
             "expiresAt": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(NOW + 900))},
            idempotency_key="sdk-1",
        ).message  # fmt: skip
        payment = control(twin, "pay", {"link": made["id"]})[1]["pspReference"]
        assert api.get_payment_link(made["id"]).message["status"] == "completed"
        refund = {**account, "reference": f"{ORDER}.r-1", "amount": {"value": 300, "currency": "EUR"}}
        assert sdk.checkout.modifications_api.refund_captured_payment(refund, payment).message["status"] == "received"
        ours = provider(twin, tmp_path)
        for got in receiver.wait_for(4):
            assert util.is_valid_hmac_notification(json.loads(got.body), secret["hmac_keys"][0])
            (notice,), _ = ours.read_webhook(got.headers, got.body, NOW)
            assert (notice.reference, notice.provider_id) == (ORDER, payment)
