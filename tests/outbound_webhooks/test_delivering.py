"""An event reaches who asked for it, once where all goes well, and on a ladder where it does not."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.outbound_webhooks.conftest import CAPTURED, NOW, Shop
from tests.support.receiver import Received, Receiver
from twinshore.events import Event
from twinshore.idempotency import IdempotencyKey
from twinshore.outbound_webhooks.deliveries import QUEUE, delivery_key
from twinshore.outbound_webhooks.signing import SigningKeys
from twinshore.outbound_webhooks.subscriptions import (
    DISABLE_AFTER_SECONDS,
    DISABLED,
    ROTATION_OVERLAP_SECONDS,
    find,
    find_own,
    renew_secret,
    unsubscribe,
)
from twinshore.outbound_webhooks.sweeping import (
    JITTER_PERCENT,
    RETRY_AFTER_LIMIT_SECONDS,
    RETRY_LADDER_SECONDS,
    Swept,
    jittered,
)

pytestmark = pytest.mark.usefixtures("readers_clock")

FAR = 40 * 86_400


def verified(got: Received, secret: str) -> Any:
    return Webhook(secret).verify(got.body, got.headers)


def due_at(shop: Shop) -> list[int]:
    return [item.due.at for item in shop.store.due(QUEUE, NOW + FAR) if item.due]


def test_an_event_arrives_signed_with_its_own_content(shop: Shop, receiver: Receiver) -> None:
    _, secret = shop.subscribe(receiver.url)
    assert shop.tell() == 1
    assert shop.send() == Swept(delivered=1)
    (got,) = receiver.received
    told = verified(got, secret)
    assert told["id"] == CAPTURED.id and told["type"] == "payment.captured" and told["data"] == CAPTURED.data
    assert time.strptime(told["timestamp"], "%Y-%m-%dT%H:%M:%SZ")
    assert got.headers["content-type"] == "application/json"
    assert got.headers["webhook-id"] == CAPTURED.id.replace(".", "~")
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(got.body.replace(b"9200", b"9201"), got.headers)


def test_the_same_event_told_again_after_an_hour_or_a_week_is_sent_once(shop: Shop, receiver: Receiver) -> None:
    shop.subscribe(receiver.url)
    for later in (0, 0, 3600, 8 * 86_400):
        shop.tell(now=NOW + later)
        shop.send(NOW + later)
    assert len(receiver.received) == 1


def test_each_subscription_hears_what_it_asked_for(shop: Shop, receiver: Receiver) -> None:
    with Receiver() as other:
        shop.subscribe(receiver.url, "payment.captured", "points.earned")
        shop.subscribe(other.url, "payment.refunded", key="k2")
        shop.tell()
        shop.tell(CAPTURED._replace(id="e2", name="payment.refunded"))
        shop.tell(CAPTURED._replace(id="e3", name="session.ended"))
        shop.tell(CAPTURED._replace(id="e4", name="a.name_of_next_year"))
        assert shop.send() == Swept(delivered=2)
        assert [json.loads(got.body)["type"] for got in receiver.received] == ["payment.captured"]
        assert [json.loads(got.body)["type"] for got in other.received] == ["payment.refunded"]


def test_nobody_is_told_what_happened_before_they_asked(shop: Shop, receiver: Receiver) -> None:
    shop.subscribe(receiver.url, now=NOW + 10)
    assert shop.tell() == 0
    assert shop.tell(CAPTURED._replace(at=NOW + 10)) == 1


def test_a_receiver_that_fails_is_asked_again_on_the_ladder_with_the_same_id_and_body(
    shop: Shop, receiver: Receiver
) -> None:
    receiver.answer = lambda _: 500
    _, secret = shop.subscribe(receiver.url)
    shop.tell()
    now = NOW
    for rung in (*RETRY_LADDER_SECONDS, None):
        assert shop.send(now) == Swept(failed=1)
        (at,) = due_at(shop)
        if rung is not None:
            assert rung <= at - now <= rung * (100 + JITTER_PERCENT) // 100
            assert shop.send(at - 1) == Swept()
        now = at
    assert shop.send(now) == Swept(ended=1)
    assert due_at(shop) == []
    assert len(receiver.received) == len(RETRY_LADDER_SECONDS) + 1
    assert len({(got.body, got.headers["webhook-id"]) for got in receiver.received}) == 1
    assert len({got.headers["webhook-timestamp"] for got in receiver.received}) == len(receiver.received)
    verified(receiver.received[0], secret)


def test_a_receiver_that_recovers_gets_it_and_is_well_again(shop: Shop, receiver: Receiver) -> None:
    receiver.answer = lambda _: 503
    one, _ = shop.subscribe(receiver.url)
    shop.tell()
    shop.send()
    assert find_own(shop.store, one.id, "erp").failing_since == NOW
    receiver.answer = lambda _: 200
    assert shop.send(NOW + 100) == Swept(delivered=1)
    assert find_own(shop.store, one.id, "erp").failing_since == 0
    shop.tell()
    assert shop.send(NOW + FAR) == Swept()


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404, 429, 500, 502])
def test_only_2xx_is_taken_for_a_yes(shop: Shop, receiver: Receiver, status: int) -> None:
    receiver.answer = lambda _: status
    shop.subscribe(receiver.url)
    shop.tell()
    assert shop.send() == Swept(failed=1)


def test_jitter_only_ever_adds() -> None:
    seen = {jittered(100) for _ in range(400)}
    assert min(seen) >= 100 and max(seen) <= 100 + JITTER_PERCENT and len(seen) > 5


def test_a_receiver_that_says_gone_is_not_asked_again(
    shop: Shop, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    receiver.answer = lambda _: 410
    one, _ = shop.subscribe(receiver.url)
    shop.tell()
    assert shop.send() == Swept(ended=1)
    assert find_own(shop.store, one.id, "erp").state == DISABLED
    assert "disabled" in capsys.readouterr().out
    assert shop.tell(CAPTURED._replace(id="e2")) == 0


def test_after_days_of_failure_it_is_disabled_loudly(
    shop: Shop, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    receiver.answer = lambda _: 500
    one, _ = shop.subscribe(receiver.url)
    for day in range(7):
        now = NOW + day * 86_400
        shop.tell(CAPTURED._replace(id=f"e{day}", at=now), now)
        shop.send(now)
        found = find_own(shop.store, one.id, "erp")
        assert (found.state == DISABLED) is (day * 86_400 >= DISABLE_AFTER_SECONDS), day
    logged = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (loud,) = [line for line in logged if line["message"] == "a webhook subscription is disabled"]
    assert (loud["level"], loud["subscription"]) == ("error", one.id)
    assert shop.send(NOW + FAR).delivered == 0
    assert due_at(shop) == []


def test_a_receiver_that_hangs_costs_the_others_one_time_out(shop: Shop, receiver: Receiver) -> None:
    from twinshore.outbound_public import post_public
    from twinshore.outbound_webhooks.port import Answer, Undelivered
    from twinshore.outbound_webhooks.sweeping import send_due

    tried: list[str] = []

    def post(url: str, headers: Any, body: bytes, timeout_seconds: float) -> Answer:
        tried.append(url)
        if "slow" in url:
            raise Undelivered("timeout")
        return post_public(url, headers, body, timeout_seconds, exempt="http://127.0.0.1")

    shop.subscribe("http://127.0.0.1:9/slow")
    shop.subscribe(receiver.url, key="k2")
    for number in range(5):
        shop.tell(CAPTURED._replace(id=f"e{number}"))
    assert send_due(shop.store, post, lambda: shop.keys, NOW) == Swept(delivered=5, failed=1, postponed=4)
    assert tried.count("http://127.0.0.1:9/slow") == 1
    assert send_due(shop.store, post, lambda: shop.keys, NOW + 90) == Swept(failed=1, postponed=4)


def test_a_run_that_has_no_time_left_leaves_the_rest_for_the_next(shop: Shop, receiver: Receiver) -> None:
    shop.subscribe(receiver.url)
    shop.tell()
    assert shop.send(budget_seconds=0) == Swept()
    assert shop.send() == Swept(delivered=1)


def test_two_runs_at_once_send_it_once(shop: Shop, receiver: Receiver) -> None:
    shop.subscribe(receiver.url)
    shop.tell()
    inner: list[Swept] = []

    def answer(_: Received) -> int:
        inner.append(shop.send())
        return 200

    receiver.answer = answer
    assert shop.send() == Swept(delivered=1)
    assert inner == [Swept()]


def test_a_run_that_dies_while_sending_neither_loses_nor_repeats_at_once(shop: Shop, receiver: Receiver) -> None:
    from twinshore.outbound_webhooks.sweeping import send_due

    def dies(*_: Any) -> Any:
        raise KeyboardInterrupt

    shop.subscribe(receiver.url)
    shop.tell()
    with pytest.raises(KeyboardInterrupt):
        send_due(shop.store, dies, lambda: shop.keys, NOW)
    assert shop.send() == Swept()
    assert shop.send(NOW + 100) == Swept(delivered=1)


def test_a_receiver_may_ask_for_more_time_but_not_for_ever(shop: Shop) -> None:
    from twinshore.outbound_webhooks.port import Answer
    from twinshore.outbound_webhooks.sweeping import send_due

    shop.subscribe("http://127.0.0.1:9/x")
    for number, (asked, earliest) in enumerate([(7200, 7200), (10**8, RETRY_AFTER_LIMIT_SECONDS), (1, 60)]):
        shop.tell(CAPTURED._replace(id=f"e{number}"))
        assert send_due(shop.store, lambda *_, asked=asked: Answer(429, asked), lambda: shop.keys, NOW) == Swept(
            failed=1
        )
        item = shop.store.get(delivery_key(shop.subscribe("http://127.0.0.1:9/x")[0].id, f"e{number}"))
        assert item is not None and item.due is not None
        assert earliest <= item.due.at - NOW <= max(earliest, 72)


def test_whoever_unsubscribed_hears_nothing_more(shop: Shop, receiver: Receiver) -> None:
    one, _ = shop.subscribe(receiver.url)
    shop.tell()
    unsubscribe(shop.store, one.id, "erp")
    assert find(shop.store, one.id) is None
    assert shop.send() == Swept(ended=1)
    assert not receiver.received
    assert due_at(shop) == []


def test_while_a_secret_is_changed_the_receiver_may_hold_either(shop: Shop, receiver: Receiver) -> None:
    one, old = shop.subscribe(receiver.url)
    request = IdempotencyKey("renew-1", "f")
    after, new = renew_secret(shop.store, shop.keys, one, request, NOW)
    assert new != old
    assert renew_secret(shop.store, shop.keys, after, request, NOW + 5)[1] == new
    for number, (at, both) in enumerate([(NOW, True), (NOW + ROTATION_OVERLAP_SECONDS, False)]):
        shop.tell(CAPTURED._replace(id=f"e{number}"), at)
        shop.send(at)
        got = receiver.received[-1]
        assert len(got.headers["webhook-signature"].split(" ")) == 1 + both
        # The public verifier has a clock of its own, so what was signed for tomorrow is compared, not verified.
        if both:
            assert verified(got, old) == verified(got, new)
    assert find_own(shop.store, one.id, "erp").version > 1


def test_the_cells_key_may_be_changed_and_what_was_derived_from_the_old_one_goes_on(
    shop: Shop, receiver: Receiver
) -> None:
    _, secret = shop.subscribe(receiver.url)
    both = SigningKeys("b", {"b": b"\x0b" * 32, **shop.keys.keys})
    shop.tell()
    assert shop.send(keys=both) == Swept(delivered=1)
    verified(receiver.received[0], secret)


def test_a_key_that_was_taken_out_too_early_spends_no_try(
    shop: Shop, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.subscribe(receiver.url)
    shop.tell()
    assert shop.send(keys=SigningKeys("b", {"b": b"\x0b" * 32})) == Swept(postponed=1)
    assert "cannot be signed" in capsys.readouterr().out
    assert shop.send(NOW + RETRY_LADDER_SECONDS[-1]) == Swept(delivered=1)


def test_an_event_of_any_id_has_a_message_id_without_a_point(shop: Shop, receiver: Receiver) -> None:
    _, secret = shop.subscribe(receiver.url)
    ids = ["a.b", "a~b.c", "points.earned:m_1:e-1", "x"]
    for each in ids:
        shop.tell(Event(each, "payment.captured", NOW, {}))
    assert shop.send() == Swept(delivered=len(ids))
    names = {got.headers["webhook-id"] for got in receiver.received}
    assert len(names) == len(ids) and not any("." in name for name in names)
    assert {verified(got, secret)["id"] for got in receiver.received} == set(ids)
