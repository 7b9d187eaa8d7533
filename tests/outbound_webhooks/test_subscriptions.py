"""Who subscribes, and what they are told."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from tests.outbound_webhooks.conftest import NOW, Shop
from tests.support.tree import parsed, python_files
from twinshore.idempotency import IdempotencyKey, IdempotencyKeyReused
from twinshore.outbound_webhooks.catalogue import INTERNAL, OFFERED
from twinshore.outbound_webhooks.subscriptions import (
    LIVE_SECRETS_LIMIT,
    OWNER_LIMIT,
    TooManyWebhookSubscriptions,
    WebhookSubscriptionNotFound,
    find_own,
    renew_secret,
    subscriptions,
    unsubscribe,
)
from twinshore.outbound_webhooks.targets import WebhookUrlRefused
from twinshore.store.port import Key

URL = "https://shop.example.com/hooks"


def test_the_same_request_is_the_same_subscription_with_the_same_secret(shop: Shop) -> None:
    first = shop.subscribe(URL)
    assert shop.subscribe(URL, now=NOW + 60)[1] == first[1]
    assert first[1].startswith("whsec_")
    assert len(subscriptions(shop.store)) == 1


def test_the_same_key_with_other_content_is_refused_and_another_services_key_is_its_own(shop: Shop) -> None:
    first, secret = shop.subscribe(URL)
    with pytest.raises(IdempotencyKeyReused):
        shop.subscribe(URL, "points.earned")
    other, other_secret = shop.subscribe(URL, owner="crm")
    assert other.id != first.id and other_secret != secret


def test_one_service_neither_sees_nor_touches_what_another_has(shop: Shop) -> None:
    one, _ = shop.subscribe(URL)
    assert subscriptions(shop.store, "crm") == []
    assert [each.id for each in subscriptions(shop.store, "erp")] == [one.id]
    with pytest.raises(WebhookSubscriptionNotFound):
        find_own(shop.store, one.id, "crm")
    with pytest.raises(WebhookSubscriptionNotFound):
        unsubscribe(shop.store, one.id, "crm")
    unsubscribe(shop.store, one.id, "erp")
    with pytest.raises(WebhookSubscriptionNotFound):
        unsubscribe(shop.store, one.id, "erp")


def test_no_secret_is_in_the_store(shop: Shop) -> None:
    one, secret = shop.subscribe(URL)
    item = shop.store.get(Key("webhook-subscriptions", one.id))
    assert item is not None
    assert secret[6:30] not in str(item.fields)
    raw = one.secrets(shop.keys, NOW)[0]
    assert raw.hex()[:16] not in str(item.fields)


def test_a_subscription_made_anew_has_another_secret(shop: Shop) -> None:
    one, secret = shop.subscribe(URL)
    unsubscribe(shop.store, one.id, "erp")
    assert shop.subscribe(URL, now=NOW + 1)[1] != secret


def test_there_is_a_limit_for_each_service(shop: Shop) -> None:
    for number in range(OWNER_LIMIT):
        shop.subscribe(URL, key=f"k{number}")
    with pytest.raises(TooManyWebhookSubscriptions):
        shop.subscribe(URL, key="one more")
    shop.subscribe(URL, owner="crm")
    shop.subscribe(URL, key="k0")


def test_an_address_that_is_not_public_is_refused_at_once(shop: Shop) -> None:
    with pytest.raises(WebhookUrlRefused):
        shop.subscribe("https://localhost/")
    assert subscriptions(shop.store) == []


def test_only_so_many_secrets_are_live(shop: Shop) -> None:
    one, _ = shop.subscribe(URL)
    for number in range(5):
        one, _ = renew_secret(shop.store, shop.keys, one, IdempotencyKey(f"r{number}", "f"), NOW + number)
    assert len(one.secrets(shop.keys, NOW + 5)) == LIVE_SECRETS_LIMIT
    assert len(set(one.secrets(shop.keys, NOW + 5))) == LIVE_SECRETS_LIMIT


def test_a_renewal_that_met_another_one_goes_on_from_there(shop: Shop) -> None:
    one, _ = shop.subscribe(URL)
    first, _ = renew_secret(shop.store, shop.keys, one, IdempotencyKey("r1", "f"), NOW)
    second, _ = renew_secret(shop.store, shop.keys, one, IdempotencyKey("r2", "f"), NOW)
    assert [each.number for each in first.generations] == [2, 1]
    assert [each.number for each in second.generations] == [3, 2, 1]


def event_names() -> set[str]:
    """Every literal name with which the package makes an Event."""
    names = set()
    for path in python_files("layers/core/twinshore"):
        for node in ast.walk(parsed(path)):
            made = (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Event", "_event")
            )
            arguments: Any = node.args if made and isinstance(node, ast.Call) else []
            if len(arguments) > 1 and isinstance(arguments[1], ast.Constant):
                names.add(arguments[1].value)
    return names


def test_every_event_of_the_house_is_offered_or_kept_with_a_reason() -> None:
    assert event_names() == set(OFFERED) | set(INTERNAL), "say it in outbound_webhooks/catalogue.py"
    assert not set(OFFERED) & set(INTERNAL)
