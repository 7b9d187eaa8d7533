"""The webhook_subscriptions door on both clouds, and the way of an event from a commit to a merchant's system."""

from __future__ import annotations

import json
import time
from typing import Any, Iterator

import pytest
from standardwebhooks.webhooks import Webhook

from tests.support.doors import Answer, Place, load_door
from tests.support.receiver import Receiver
from twinshore import wiring
from twinshore.events import Event
from twinshore.outbound_webhooks.catalogue import OFFERED
from twinshore.outbox import deliver

DOOR, PATH = "webhook_subscriptions", "/v1/webhook-subscriptions"


@pytest.fixture
def receiver(at: Place) -> Iterator[Receiver]:
    with Receiver() as running:
        at.secrets["webhook_signing_keys"] = json.dumps([{"id": "a", "secret": "0a" * 32}])
        at.outside["webhook_receivers"] = "http://127.0.0.1"
        at.rewire()
        yield running


def subscribe(at: Place, address: str, key: str = "k-1", service: str = "crm", **more: Any) -> Answer:
    body = {"url": address, "events": ["payment.captured", "points.redeemed"], **more}
    return at.call(DOOR, "POST", PATH, json_body=body, key=key, token=at.service_token(service))


def test_a_service_subscribes_looks_renews_and_leaves(at: Place, receiver: Receiver) -> None:
    made = subscribe(at, receiver.url)
    assert made.status == 201
    shown = made.json()
    assert shown["secret"].startswith("whsec_") and shown["state"] == "active" and shown["live_secrets"] == 1
    assert subscribe(at, receiver.url).json() == shown
    listed = at.call(DOOR, "GET", PATH, token=at.service_token()).json()
    assert [(one["id"], "secret" in one) for one in listed["items"]] == [(shown["id"], False)]
    renewed = at.call(DOOR, "POST", f"{PATH}/{shown['id']}/secrets", key="r-1", token=at.service_token())
    assert renewed.status == 201
    assert renewed.json()["live_secrets"] == 2 and renewed.json()["secret"] != shown["secret"]
    assert at.call(DOOR, "DELETE", f"{PATH}/{shown['id']}", token=at.service_token()).status == 204
    again = at.call(DOOR, "DELETE", f"{PATH}/{shown['id']}", token=at.service_token())
    assert (again.status, again.problem()) == (404, "webhook-subscription-not-found")


def test_another_service_finds_nothing(at: Place, receiver: Receiver) -> None:
    one = subscribe(at, receiver.url).json()
    assert at.call(DOOR, "GET", PATH, token=at.service_token("pos")).json()["items"] == []
    for method, path, key in (("DELETE", f"{PATH}/{one['id']}", ""), ("POST", f"{PATH}/{one['id']}/secrets", "k")):
        assert at.call(DOOR, method, path, key=key, token=at.service_token("pos")).status == 404


def test_members_and_strangers_are_not_let_in(at: Place, receiver: Receiver) -> None:
    for token in ("", at.member_token(), "x.y.z"):
        assert at.call(DOOR, "GET", PATH, token=token).status == 401


@pytest.mark.parametrize(
    ("url", "reason"),
    [("https://localhost/", "host"), ("https://169.254.169.254/latest/meta-data", "host"),
     ("http://shop.example.com/", "https"), ("https://a:b@shop.example.com/", "userinfo")],
)  # fmt: skip
def test_an_address_inside_is_refused(at: Place, receiver: Receiver, url: str, reason: str) -> None:
    refused = subscribe(at, url)
    assert (refused.status, refused.problem(), refused.json()["reason"]) == (422, "webhook-url-refused", reason)
    assert url not in refused.text


@pytest.mark.parametrize(
    "more", [{"events": []}, {"events": ["session.ended"]}, {"events": ["x"]}, {"events": ["payment.captured"] * 2},
             {"secret": "mine"}, {"url": ""}],
)  # fmt: skip
def test_what_is_not_offered_is_refused(at: Place, receiver: Receiver, more: dict[str, Any]) -> None:
    assert subscribe(at, receiver.url, **more).status == 422


def test_a_cell_without_signing_keys_says_so(at: Place) -> None:
    at.outside["webhook_receivers"] = "http://127.0.0.1"
    at.rewire()
    assert subscribe(at, "https://shop.example.com/").status == 503


def test_a_redemption_reaches_the_merchants_system_by_the_consumers_and_the_clock(
    at: Place, receiver: Receiver
) -> None:
    secret = subscribe(at, receiver.url).json()["secret"]
    told = Event(
        "points.redeemed:m_anna:e1", "points.redeemed", int(time.time()) + 1, {"member_id": "m_anna", "points": 5}
    )
    assert deliver(told, wiring.consumers()) and deliver(told, wiring.consumers())
    timer = {"job": "webhook-send"} if at.cloud == "aws" else {"Type": "Timer", "Message": "webhook-send"}
    said = load_door("schedule").main_handler(timer, at.context("schedule"))
    assert "delivered=1" in said["result"]
    (got,) = receiver.received
    assert Webhook(secret).verify(got.body, got.headers)["data"] == told.data


def test_every_offered_event_has_the_consumer_that_fans_it_out(at: Place) -> None:
    assert set(OFFERED) <= set(wiring.consumers())
