"""What the figures say of real flows: a payment that is heard of, events that wait, jobs of the clock."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Iterator

import pytest

from tests.support.paper_shop import NOW, Shop
from twinshore import log
from twinshore.errors import BrokenInvariant
from twinshore.events import Event
from twinshore.outbox import RETRY_SECONDS, SWEEP_GRACE_SECONDS, sweep
from twinshore.payments import port
from twinshore.points.sweeping import STUCK_SECONDS
from twinshore.points.sweeping import sweep as sweep_points
from twinshore.store.port import Create, Due, Item, Key
from twinshore.store.sqlite import SqliteStore
from twinshore.triggers import run_job


def records(capsys: pytest.CaptureFixture[str], record: str) -> list[dict[str, Any]]:
    lines = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    return [line for line in lines if line.get("record") == record]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path / "store.db")
    yield made
    made.store.close()


@pytest.mark.parametrize(("heard", "cloud"), [("payment_callbacks", "aws"), ("schedule", "tencent")])
def test_a_payment_is_counted_once_by_what_told_of_it_from_the_providers_own_time(
    heard: str, cloud: str, shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    order_id = shop.order()
    reference = shop.start(order_id)["reference"]
    shop.paper.pay(reference, NOW)
    log.bind("r-1", heard, "eu", cloud)
    for _ in range(3):
        shop.webhook(shop.paper.webhook(reference))
    assert shop.state(order_id) == port.CAPTURED
    (line,) = records(capsys, "paid")
    assert (line["provider"], line["heard"], line["paid_late"]) == ("paper", heard, 0)
    assert 0 <= line["paid_after_seconds"] < 60
    assert ("_aws" in line) is (cloud == "aws")
    assert order_id not in json.dumps(line)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    made = SqliteStore(tmp_path / "store.db")
    made.commit(Create(Key("order#1", "order"), {}), events=(Event("e1", "points.earned", NOW, {"points": 5}),))
    yield made
    made.close()


def test_what_is_told_is_counted_by_its_age_and_what_waits_too(
    store: SqliteStore, capsys: pytest.CaptureFixture[str]
) -> None:
    fails = [True]

    def consumer(event: Event) -> None:
        if fails:
            raise ConnectionError("away")

    assert sweep(store, {"points.earned": (consumer,)}, NOW + 8).failed == 1
    said = capsys.readouterr().out
    assert '"outbox_age_seconds": 8' in said
    assert '"told"' not in said
    fails.clear()
    assert sweep(store, {"points.earned": (consumer,)}, NOW + 30).delivered == 1
    (line,) = records(capsys, "told")
    assert (line["told"], line["told_late"], line["told_after_seconds"], line["channel"]) == (1, 1, 30, "events")
    assert sweep(store, {}, NOW + 60).delivered == 0
    assert capsys.readouterr().out == "", "nothing waits, nothing is said"


def test_what_is_set_aside_is_counted_as_given_up(store: SqliteStore, capsys: pytest.CaptureFixture[str]) -> None:
    def consumer(event: Event) -> None:
        raise ConnectionError("away")

    now = NOW + 10
    for seconds in (*RETRY_SECONDS, 0):
        sweep(store, {"points.earned": (consumer,)}, now)
        now += seconds + SWEEP_GRACE_SECONDS
    (line,) = records(capsys, "given up")
    assert (line["given_up"], line["kind"]) == (1, "event")


def test_points_that_cannot_be_swept_for_ten_minutes_are_counted_as_stuck_and_those_that_can_are_not(
    store: SqliteStore, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(3):
        store.commit(Create(Key(f"hold#{number}", "hold"), {"fails": number > 0}, Due("points-hold", NOW)))

    def work(item: Item) -> None:
        if item.fields["fails"]:
            raise BrokenInvariant("its account is gone")

    assert sweep_points(store, "points-hold", NOW + STUCK_SECONDS, work) == (1, 2)
    assert records(capsys, "held") == [], "they have failed for ten minutes at most"
    assert sweep_points(store, "points-hold", NOW + STUCK_SECONDS + 1, work).failed == 2
    (line,) = records(capsys, "held")
    assert (line["holds_stuck"], line["queue"]) == (2, "points-hold")


def test_a_job_is_timed_and_counted_whether_it_fails_or_not(capsys: pytest.CaptureFixture[str]) -> None:
    def fails(now: int) -> object:
        raise ConnectionError("away")

    run_job("payment-poll", {"payment-poll": lambda now: "done"}, NOW)
    with pytest.raises(ConnectionError):
        run_job("points-sweep", {"points-sweep": fails}, NOW)
    assert [(line["job"], line["job_failed"]) for line in records(capsys, "job")] == [
        ("payment-poll", 0),
        ("points-sweep", 1),
    ]
