"""Webhook subscriptions: merchants' own systems hear our events, signed as Standard Webhooks are."""

from __future__ import annotations

from twinshore import wiring
from twinshore.outbound_webhooks import subscriptions, wire
from twinshore.web import Door, Request

PATH = "/v1/webhook-subscriptions"
door = main_handler = Door("webhook_subscriptions", wiring)


@door.post(PATH, takes=wire.WebhookSubscriptionIn, gives=wire.WebhookSubscriptionOut, who="service", idempotent=True,
           status=201, problems=wire.SUBSCRIBE_PROBLEMS)  # fmt: skip
def subscribe(request: Request, body: wire.WebhookSubscriptionIn) -> object:
    wish, now = body.wish(request.session.member_id, request.idempotency), request.now
    one, secret = subscriptions.subscribe(
        wiring.store(), wiring.webhook_keys(), wish, wiring.webhook_receivers(), now)  # fmt: skip
    return wire.WebhookSubscriptionOut.of(one, now, secret)


@door.get(PATH, gives=wire.WebhookSubscriptionsOut, who="service")
def show(request: Request) -> object:
    own = subscriptions.subscriptions(wiring.store(), request.session.member_id)
    return wire.WebhookSubscriptionsOut.of(own, request.now)


@door.post(f"{PATH}/{{id}}/secrets", gives=wire.WebhookSubscriptionOut, who="service", idempotent=True, status=201,
           problems=wire.SECRET_PROBLEMS)  # fmt: skip
def renew_secret(request: Request) -> object:
    store, now = wiring.store(), request.now
    own = subscriptions.find_own(store, request.params["id"], request.session.member_id)
    one, secret = subscriptions.renew_secret(store, wiring.webhook_keys(), own, request.idempotency, now)
    return wire.WebhookSubscriptionOut.of(one, now, secret)


@door.route("DELETE", f"{PATH}/{{id}}", who="service", status=204, problems=wire.NOT_FOUND)
def unsubscribe(request: Request) -> None:
    subscriptions.unsubscribe(wiring.store(), request.params["id"], request.session.member_id)
