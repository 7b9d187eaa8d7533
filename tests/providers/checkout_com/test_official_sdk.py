"""The official SDK against the twin, so that the twin speaks Checkout.com and not us. It verifies no webhooks."""

from __future__ import annotations

import json
import time
import warnings
from typing import Any

from sandbox.twins.checkout_com import CheckoutComTwin
from tests.support.receiver import Receiver
from twinshore import outbound
from twinshore.payments.port import CAPTURED, PART_REFUNDED, PENDING
from twinshore.providers.checkout_com.client import checkout_com_from_secret
from twinshore.providers.exchange import send_outbound
from twinshore.vault import StoreVault

NOW = int(time.time())


def sdk_at(twin: CheckoutComTwin) -> Any:
    from checkout_sdk.checkout_sdk import CheckoutSdk
    from checkout_sdk.environment import Environment

    url = f"{twin.url}/"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        builder = CheckoutSdk.builder().secret_key(twin.secret()["secret_key"]).use_legacy_domain()
        return builder.environment(Environment(url, url, url, url, url, url, url, True)).build()


def test_the_official_sdk_makes_pages_asks_and_refunds_at_our_twin(vault: StoreVault) -> None:
    from checkout_sdk.payments.payments import PaymentsQueryFilter, RefundRequest

    with Receiver() as receiver, CheckoutComTwin(webhook_url=receiver.url) as twin:
        api, ours = (
            sdk_at(twin),
            checkout_com_from_secret(twin.url, json.dumps(twin.secret()), vault, send=send_outbound),
        )
        made = api.payments_links.create_payment_link(
            {"amount": 9200, "currency": "SAR", "reference": "sdk-1", "billing": {"address": {"country": "SA"}}}
        )
        assert api.payments_links.get_payment_link(made.id).status == "Active"
        paid = outbound.send("POST", f"{twin.url}/_twin/pay", {}, json.dumps({"link": made.id}).encode())
        assert paid.status == 200
        wanted = PaymentsQueryFilter()
        wanted.reference = "sdk-1"
        (listed,) = api.payments.get_payments_list(wanted).data
        assert api.payments.get_payment_details(listed.id).balances.total_captured == 9200
        asked = RefundRequest()
        asked.amount, asked.reference = 300, "sdk-1.r1"
        accepted = api.payments.refund_payment(listed.id, asked, "key-1")
        assert api.payments.refund_payment(listed.id, asked, "key-1").action_id == accepted.action_id
        assert [action.type for action in api.payments.get_payment_actions(listed.id).items] == ["Refund", "Capture"]
        assert ours.query("sdk-1", "", NOW).state == PART_REFUNDED
        states = set()
        for got in receiver.wait_for(8):
            (notice,), _ = ours.read_webhook(got.headers, got.body, NOW)
            states.add((notice.reference, notice.state))
        assert states == {("sdk-1", state) for state in (PENDING, CAPTURED, PART_REFUNDED)}
