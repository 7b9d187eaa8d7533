"""What is counted of webhooks, and whose trace their lines carry."""

from __future__ import annotations

import json
from typing import Any, Iterator

import pytest

from tests.outbound_webhooks.conftest import NOW, Shop
from tests.support.receiver import Receiver
from twinshore import log
from twinshore.outbound_webhooks.deliveries import QUEUE
from twinshore.outbound_webhooks.sweeping import LAST_LOOK_SECONDS, RETRY_LADDER_SECONDS

FIRST, JOBS = "4bf92f3577b34da6a3ce929d0e0e4736", "5759e988bd862e3fe1be46a994272793"


@pytest.fixture(autouse=True)
def _bound_nowhere() -> Iterator[None]:
    yield
    log.bind()


def lines(capsys: pytest.CaptureFixture[str], **wanted: str) -> list[dict[str, Any]]:
    found = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    return [line for line in found if wanted.items() <= line.items()]


@pytest.mark.parametrize(("waited_seconds", "late"), [(0, 0), (90, 0), (91, 1)])
def test_a_webhook_is_told_by_its_age_and_late_after_ninety_seconds(
    waited_seconds: int, late: int, shop: Shop, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.subscribe(receiver.url)
    shop.tell()
    assert shop.send(NOW + waited_seconds).delivered == 1
    (line,) = lines(capsys, record="told")
    assert (line["channel"], line["told"], line["told_late"]) == ("webhooks", 1, late)
    assert line["told_after_seconds"] == waited_seconds


def test_a_later_try_is_late_by_the_receivers_own_fault_and_one_that_is_given_up_is_counted(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    with Receiver(lambda _: 503) as down:
        shop.subscribe(down.url)
        shop.tell()
        for _ in range(len(RETRY_LADDER_SECONDS) + 1):
            (item,) = shop.store.due(QUEUE, 2**40)
            assert item.due is not None
            assert shop.send(item.due.at).failed == 1
        (item,) = shop.store.due(QUEUE, 2**40)
        assert item.due is not None
        assert lines(capsys, message="measured") == []
        assert shop.send(item.due.at + LAST_LOOK_SECONDS).ended == 1
    (line,) = lines(capsys, record="given up")
    assert (line["kind"], line["given_up"]) == ("webhook", 1)
    assert shop.store.due(QUEUE, 2**40) == []


def test_a_webhook_is_sent_under_the_trace_of_what_it_tells(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    with Receiver(lambda _: 503) as down:
        shop.subscribe(down.url)
        log.bind("r-1", "events", "eu", "aws", FIRST)
        shop.tell()
        log.bind("r-2", "schedule", "eu", "aws", JOBS)
        capsys.readouterr()
        shop.send()
    (line,) = lines(capsys, message="a webhook was not taken")
    assert line["trace_id"] == FIRST
    assert log.bound()[4] == JOBS, "what the job does next is about something else"
