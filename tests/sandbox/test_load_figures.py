"""The load's figures: percentiles, what is in a fault's window, the knee; and how a shopper takes an answer."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.load import figures
from sandbox.load.caller import AGAIN, NETWORK, OK, PROBLEMS, REFUSED, WRONG, Reply, Sample, judged, pause_after
from sandbox.load.faults import Window
from sandbox.load.figures import Step, knee, percentile


def sample(at: float, ms: float = 10.0, outcome: str = OK) -> Sample:
    return Sample("order", "cn", at, ms, 201, outcome, "")


@pytest.mark.parametrize(
    ("values", "share", "found"),
    [([], 0.5, 0.0), ([7.0], 0.99, 7.0), ([3.0, 1.0, 2.0], 0.5, 2.0), ([float(n) for n in range(1, 101)], 0.99, 99.0),
     ([float(n) for n in range(1, 101)], 0.5, 50.0), ([1.0, 2.0], 0.5, 1.0)],
)  # fmt: skip
def test_a_percentile_is_one_of_the_values(values: list[float], share: float, found: float) -> None:
    assert percentile(values, share) == found


def test_a_try_is_in_a_window_that_it_overlaps() -> None:
    window = Window("a fault", 100.0, 110.0)
    cases = [(90.0, 10.0, False), (99.0, 2_000.0, True), (105.0, 10.0, True), (111.0, 10.0, True), (115.0, 10.0, False)]
    assert [figures.within(sample(at, ms), [window]) for at, ms, _ in cases] == [inside for *_, inside in cases]


def test_errors_are_counted_by_what_they_said() -> None:
    found = figures.errors([sample(1), sample(1, 1, AGAIN), sample(1, 1, NETWORK), sample(1, 1, REFUSED)])
    assert (found.tries, found.again, found.network, found.wrong, found.rate) == (4, 1, 1, 0, 0.5)


def test_waits_are_between_promises_of_the_same_order() -> None:
    told = [("yes", "o1", 1.0), ("yes", "o2", 1.0), ("paid", "o1", 3.0), ("earned", "o1", 3.5)]
    promises = [{"word": "told", "effect": effect, "order_id": order, "at": at} for effect, order, at in told]
    assert [tuple(span) for span in figures.waits(promises)] == [
        ("yes → paid", 1, 2.0, 2.0),
        ("paid → earned", 1, 0.5, 0.5),
    ]


def test_only_journeys_that_ended_well_have_a_time() -> None:
    ended = [("buy", "done", 1.0), ("buy", "gave up", 150.0), ("visit", "done", 0.5)]
    found = figures.journeys([{"kind": kind, "outcome": outcome, "seconds": took} for kind, outcome, took in ended])
    assert [(span.name, span.times) for span in found] == [("buy", 1), ("visit", 1)]


def ramp(*p99s: float) -> list[Step]:
    return [Step(float(number), 10.0 * number, 5.0, p99, True) for number, p99 in enumerate(p99s, 1)]


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        (ramp(50, 55, 60, 70, 400, 900), 4.0),
        (ramp(50, 55, 400, 60, 70, 65), 6.0),  # one step over is a hiccup of the machine
        (ramp(50, 55, 60), 3.0),  # it was never left
        ([*ramp(50, 55), Step(3.0, 1.0, 5.0, 40.0, False), Step(4.0, 1.0, 5.0, 40.0, False)], 2.0),
        ([], 0.0),
    ],
)
def test_the_knee_is_the_last_rate_before_p99_leaves_its_plateau_for_good(steps: list[Step], found: float) -> None:
    assert knee(steps) == found


def problem(slug: str, **more: Any) -> dict[str, Any]:
    return {"type": PROBLEMS + slug, "title": "", "status": 503, **more}


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Reply(201, {}), OK),
        (Reply(0, None), NETWORK),
        (Reply(503, problem("unavailable", retry_after=2)), AGAIN),
        (Reply(409, problem("idempotency-key-in-progress", retry_after=40)), AGAIN),
        (Reply(503, problem("unavailable")), WRONG),  # it does not say when
        (Reply(500, problem("internal", retry_after=2)), WRONG),
        (Reply(502, "<html>"), WRONG),
        (Reply(409, problem("reward-sold-out")), REFUSED),
        (Reply(409, problem("order-closed")), WRONG),
        (Reply(200, {}), WRONG),
    ],
)
def test_an_answer_is_wanted_refused_to_be_asked_again_or_wrong(reply: Reply, outcome: str) -> None:
    assert judged(reply, (201,), ("reward-sold-out",))[0] == outcome


def test_a_shopper_waits_as_long_as_the_answer_says_within_reason() -> None:
    assert 2.0 <= pause_after(Reply(503, {"retry_after": 2})) <= 2.6
    assert pause_after(Reply(409, {"retry_after": 60})) <= 20.0
    assert pause_after(Reply(0, None)) < 1.0
