"""Notifications: what a member has allowed and prefers (the member), and sending (our own services)."""

from __future__ import annotations

from twinshore import wiring
from twinshore.idempotency import Effect, commit_once, run_once
from twinshore.notify import credit_ledger, preferences, wire
from twinshore.notify.deliver import deliver
from twinshore.web import Door, Request

PATH = "/v1/notifications"
door = main_handler = Door("notifications", wiring)


@door.post(f"{PATH}/subscriptions", takes=wire.Subscriptions, gives=wire.SubscriptionsOut, who="member",
           idempotent=True, problems=wire.SUBSCRIBE_PROBLEMS)  # fmt: skip
def subscribe(request: Request, body: wire.Subscriptions) -> object:
    store, member_id = wiring.store(), request.session.member_id
    effect = Effect(credit_ledger.accepted(member_id, body.accepted), {"accepted": body.accepted})
    preferences.learn_language(store, wiring.residency(), member_id, request.language)
    return commit_once(store, request.idempotency, member_id, effect, request.now)


@door.get(f"{PATH}/preferences", gives=wire.PreferencesOut, who="member")
def show(request: Request) -> object:
    return wire.PreferencesOut.of(preferences.read(wiring.store(), request.session.member_id))


@door.put(f"{PATH}/preferences", takes=wire.PreferencesIn, gives=wire.PreferencesOut, who="member",
          problems=wire.PREFERENCE_PROBLEMS)  # fmt: skip
def choose(request: Request, body: wire.PreferencesIn) -> object:
    return wire.PreferencesOut.of(body.store_as(wiring.store(), wiring.residency(), request.session.member_id))


@door.post(PATH, takes=wire.NotificationIn, gives=wire.NotificationOut, who="service", idempotent=True, status=202,
           problems=wire.SEND_PROBLEMS)  # fmt: skip
def notify(request: Request, body: wire.NotificationIn) -> object:
    store, key, service, now = wiring.store(), request.idempotency, request.session.member_id, request.now
    notice, channels = body.notice(f"service:{service}:{key.key}"), wiring.notification_channels()
    return run_once(store, key, service, now, lambda: wire.sent(deliver(store, channels, notice, now)))
