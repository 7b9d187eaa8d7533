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
from tests.support.adyen_place import EUR_1299, NOW, ORDER, attempt, control, hasty, provider, reason
from tests.support.receiver import Receiver
from tests.support.vaults import sqlite_vault
from twinshore import outbound
from twinshore.errors import Unavailable
from twinshore.payments.port import CREATED, OutcomeUnknown, ProviderRefused
from twinshore.providers.adyen.client import adyen_from_secret


@pytest.fixture
def twin() -> Iterator[AdyenTwin]:
    with AdyenTwin() as running:
        yield running


@pytest.fixture
def manual() -> Iterator[AdyenTwin]:
    with AdyenTwin(capture="manual") as running:
        yield running


@pytest.mark.parametrize(
    "fault",
    [{"status": 502}, {"status": 500}, {"status": 302}, {"status": 200}, {"status": 403}, {"reset": True},
     {"delay_seconds": 1}, {"lose_answer": True}],
    ids=lambda fault: next(iter(fault)) + str(next(iter(fault.values()))),
)  # fmt: skip
def test_whatever_is_no_clear_answer_leaves_the_outcome_unknown(
    manual: AdyenTwin, tmp_path: Path, fault: dict[str, Any]
) -> None:
    pay = provider(manual, tmp_path, hasty)
    pay.create(attempt(), NOW)
    control(manual, "faults", fault)
    for call in (
        lambda: pay.create(attempt(reference="attempt-000002"), NOW),
        lambda: pay.query(ORDER, "", NOW),
        lambda: pay.close(ORDER, "", NOW),
        lambda: pay.close(ORDER, "PSP1", NOW),
        lambda: pay.capture(ORDER, "PSP1", {}, EUR_1299, NOW),
        lambda: pay.refund(ORDER, "PSP1", "r-1", EUR_1299, EUR_1299, NOW),
    ):
        with pytest.raises(OutcomeUnknown):
            call()


def test_an_answer_that_was_lost_is_answered_again_to_the_same_attempt(twin: AdyenTwin, tmp_path: Path) -> None:
    pay = provider(twin, tmp_path)
    control(twin, "faults", {"lose_answer": True, "times": 1})
    with pytest.raises(OutcomeUnknown):
        pay.create(attempt(), NOW)
    assert pay.query(ORDER, "", NOW).state == CREATED
    pay.create(attempt(), NOW)
    assert len(twin.book.links) == 1


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


def test_nobody_at_the_address_is_surely_not_delivered(twin: AdyenTwin, tmp_path: Path) -> None:
    secret = json.dumps(twin.secret())
    with pytest.raises(Unavailable) as unavailable:
        adyen_from_secret("http://127.0.0.1:9", secret, sqlite_vault(tmp_path, "adyen")).create(attempt(), NOW)
    assert not isinstance(unavailable.value, OutcomeUnknown)


def test_a_wrong_key_and_a_wrong_account_are_refusals_for_our_configuration(twin: AdyenTwin, tmp_path: Path) -> None:
    for change in ({"api_key": "another"}, {"merchant_account": "AnotherShop"}):
        with pytest.raises(ProviderRefused) as refused:
            provider(twin, tmp_path, **change).create(attempt(), NOW)
        assert reason(refused) == "configuration"


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
