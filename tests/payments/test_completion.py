"""One completion path: webhook, replay, poll and client race on a real store, and the order is completed once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.interleaving import Stage
from tests.support.paper_shop import ANNA, NOW, Shop
from twinshore.money import Money
from twinshore.payments import completion, polling, port, webhooks
from twinshore.payments.completion import FLAGGED, MOVED, ORPHANED, SEEN, apply
from twinshore.payments.order import load
from twinshore.payments.port import Notice
from twinshore.store.port import CommitConflict, Key, StoreUnavailable


def paid_but_unknown(shop: Shop) -> tuple[str, str]:
    """An order whose payer has paid while we know nothing of it: its id, and the attempt's reference."""
    order_id = shop.order()
    reference = shop.start(order_id)["reference"]
    shop.paper.pay(reference, NOW + 3)
    return order_id, reference


def captured(reference: str, amount: Money | None = None) -> Notice:
    return Notice("n1", reference, "", port.CAPTURED, amount or Money(1299, "EUR"), NOW + 3)


def actors(shop: Shop, order_id: str, reference: str) -> dict[str, Any]:
    first, replay = shop.paper.webhook(reference), shop.paper.webhook(reference)

    def webhook(store: Any) -> int:
        return webhooks.receive(store, "paper", shop.paper, *first, NOW).status

    def webhook_again(store: Any) -> int:
        return webhooks.receive(store, "paper", shop.paper, *replay, NOW).status

    def client(store: Any) -> str:
        order = load(store, order_id)
        assert order is not None
        return polling.refresh(store, shop.providers.__getitem__, order, NOW).state(NOW)

    def poll(store: Any) -> polling.Polled:
        return polling.poll_due(store, shop.providers.__getitem__, NOW + 60)

    return {"webhook": webhook, "replay": webhook_again, "client": client, "poll": poll}


def check_completed_once(shop: Shop, order_id: str, results: dict[str, Any]) -> None:
    order = shop.read(order_id)
    assert order.state(NOW) == port.CAPTURED
    assert not order.flags
    assert [event.id for event in shop.told()] == [f"{order_id}.captured"]
    assert results.get("webhook", 200) == results.get("replay", 200) == 200
    assert results.get("client", port.CAPTURED) == port.CAPTURED
    assert results.get("poll", polling.Polled(settled=1)) == polling.Polled(settled=1)


STORE_CALLS = {"webhook": 2, "replay": 2, "client": 3, "poll": 4}
"""Of each actor that meets nobody. The fifth of the poll takes its own item away and comes last; so do the calls of who
has lost a race and tries again. All four actors together have 69,300 orders, of which samples are tried below."""


def interleavings(calls: dict[str, int]) -> list[list[str]]:
    """Every order in which the actors' calls can happen."""
    if not any(calls.values()):
        return [[]]
    return [
        [name, *rest]
        for name, left in calls.items()
        if left
        for rest in interleavings({**calls, name: left - 1})
    ]  # fmt: skip


def test_museum_1_client_webhook_and_replay_in_every_interleaving_complete_the_order_once(tmp_path: Path) -> None:
    """medusajs/medusa #13301, mercurjs/mercur #1418: two completions at once made two orders, or failed one caller.

    https://github.com/medusajs/medusa/issues/13301
    https://github.com/mercurjs/mercur/issues/1418
    """
    scripts = sorted(set(permutations(["webhook", "webhook", "replay", "replay", "client", "client", "client"])))
    assert len(scripts) == 210
    shop = Shop(tmp_path / "store.db")
    for script in scripts:
        order_id, reference = paid_but_unknown(shop)
        cast = actors(shop, order_id, reference)
        del cast["poll"]
        shop.forget_events()
        check_completed_once(shop, order_id, Stage(shop.store).play(cast, script))


@pytest.mark.parametrize("others", [("webhook",), ("client",), ("webhook", "replay"), ("webhook", "client")])
def test_museum_1_with_the_poll_in_every_interleaving(others: tuple[str, ...], tmp_path: Path) -> None:
    """medusajs/medusa #13301, mercurjs/mercur #1418: each step of the poll against each step of the others."""
    shop = Shop(tmp_path / "store.db")
    calls = {name: STORE_CALLS[name] for name in (*others, "poll")}
    scripts = interleavings(calls)
    for script in scripts:
        order_id, reference = paid_but_unknown(shop)
        cast = {name: act for name, act in actors(shop, order_id, reference).items() if name in calls}
        shop.forget_events()
        check_completed_once(shop, order_id, Stage(shop.store).play(cast, script))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=st.lists(st.sampled_from(["webhook", "replay", "client", "poll"]), min_size=6, max_size=16))
def test_museum_1_with_the_poll_beside_them(script: list[str], tmp_path: Path) -> None:
    """medusajs/medusa #13301, mercurjs/mercur #1418, with our fourth way to learn of a payment."""
    shop = Shop(tmp_path / f"{abs(hash(tuple(script)))}.db")
    order_id, reference = paid_but_unknown(shop)
    results = Stage(shop.store).play(actors(shop, order_id, reference), script)
    check_completed_once(shop, order_id, results)
    shop.store.close()


def test_twenty_threads_with_the_same_news_all_succeed_and_one_moves_the_order(shop: Shop) -> None:
    _order_id, reference = paid_but_unknown(shop)
    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(lambda _: apply(shop.store, "paper", captured(reference), NOW), range(20)))
    assert sorted(one.what for one in outcomes) == [MOVED] + [SEEN] * 19
    assert len(shop.told("payment.captured")) == 1


@pytest.mark.parametrize("later_seconds", [3_600, 86_400, 8 * 86_400])
def test_museum_2_the_same_notification_much_later_is_acknowledged_and_has_no_effect(
    shop: Shop, later_seconds: int
) -> None:
    """VivaPayments/API #2553: the same notification comes again an hour later, and was counted again.

    https://github.com/VivaPayments/API/issues/2553
    """
    order_id, reference = paid_but_unknown(shop)
    sent = shop.paper.webhook(reference)
    shop.webhook(sent)
    before = shop.read(order_id)
    shop.now += later_seconds
    assert shop.webhook(sent).status == 200
    assert shop.read(order_id) == before
    assert len(shop.told()) == 1


def test_a_duplicate_costs_no_write(shop: Shop) -> None:
    _, reference = paid_but_unknown(shop)
    assert apply(shop.store, "paper", captured(reference), NOW).what == MOVED

    class ReadOnly:
        get = staticmethod(shop.store.get)

    assert apply(ReadOnly(), "paper", captured(reference), NOW).what == SEEN  # type: ignore[arg-type]


def test_a_webhook_is_one_read_and_one_change(shop: Shop) -> None:
    _, reference = paid_but_unknown(shop)
    calls: list[str] = []

    class Counting:
        def get(self, key: Key) -> Any:
            calls.append("get")
            return shop.store.get(key)

        def commit(self, *changes: Any, events: Any = ()) -> None:
            calls.append(f"commit of {len(changes)}")
            shop.store.commit(*changes, events=events)

    apply(Counting(), "paper", captured(reference), NOW)  # type: ignore[arg-type]
    assert calls == ["get", "commit of 1"]


def test_an_ordinary_order_fits_one_write_unit(shop: Shop) -> None:
    import json

    order_id = shop.paid_order()
    item = shop.store.get(shop.read(order_id).key)
    assert item is not None
    assert len(json.dumps(item.fields)) < 700  # leaves room for keys, the event and the engine's own attributes


def test_news_of_an_order_that_is_not_ours_is_kept_and_acknowledged(shop: Shop) -> None:
    stray = captured("z" * 26 + "-1")
    assert apply(shop.store, "paper", stray, NOW).what == ORPHANED
    assert apply(shop.store, "paper", stray, NOW).what == ORPHANED
    kept = shop.store.get(Key("orphan#paper#n1", "orphan"))
    assert kept is not None
    assert kept.fields["amount"] == [1299, "EUR"]
    assert kept.expires_at == NOW + 30 * 86_400
    assert shop.told() == []


def test_no_card_number_is_kept_of_the_news_of_another_system(shop: Shop) -> None:
    card = "4242424242424242"
    stray = captured(f"card {card}")._replace(id=f"n-{card}", provider_id=card, refund_reference=f"r {card}")
    assert apply(shop.store, "paper", stray, NOW).what == ORPHANED
    kept = shop.store.get(Key("orphan#paper#n-***", "orphan"))
    assert kept is not None
    assert card not in repr(kept)
    assert kept.fields["reference"] == "card ***"


@pytest.mark.parametrize("reference", ["", "x", "é" * 40, "z" * 26, "z" * 26 + "-", "z" * 26 + "-x", "z" * 26 + "-²"])
def test_a_reference_that_is_not_of_our_making_is_an_orphan(shop: Shop, reference: str) -> None:
    assert apply(shop.store, "paper", captured(reference), NOW).what == ORPHANED


def test_a_provider_speaks_for_its_own_attempts_only(shop: Shop) -> None:
    order_id, reference = paid_but_unknown(shop)
    assert apply(shop.store, "other", captured(reference), NOW).what == ORPHANED
    assert shop.state(order_id) == port.PENDING


def test_news_without_our_reference_finds_the_order_by_the_providers_id(shop: Shop) -> None:
    order_id, reference = paid_but_unknown(shop)
    by_id = captured("")._replace(provider_id=shop.paper.payments[reference].provider_id)
    assert apply(shop.store, "paper", by_id, NOW).what == MOVED
    assert shop.state(order_id) == port.CAPTURED


def test_a_capture_of_another_amount_is_acknowledged_flagged_and_not_credited(shop: Shop) -> None:
    order_id = shop.order()
    reference = shop.start(order_id)["reference"]
    shop.paper.pay(reference, NOW, Money(1, "EUR"))
    assert shop.webhook(shop.paper.webhook(reference)).status == 200
    assert shop.state(order_id) == port.PENDING
    assert [event.name for event in shop.told()] == ["payment.flagged"]
    assert apply(shop.store, "paper", captured(reference, Money(1299, "USD")), NOW).what in (FLAGGED, SEEN)
    assert shop.read(order_id).member_id == ANNA


def test_endless_conflict_ends_in_please_send_it_again(shop: Shop) -> None:
    _, reference = paid_but_unknown(shop)
    tries: list[int] = []

    class Contended:
        get = staticmethod(shop.store.get)

        def commit(self, *changes: Any, events: Any = ()) -> None:
            tries.append(1)
            raise CommitConflict(changes[0].key, None)

    with pytest.raises(StoreUnavailable):
        apply(Contended(), "paper", captured(reference), NOW)  # type: ignore[arg-type]
    assert len(tries) == completion.APPLY_TRIES
