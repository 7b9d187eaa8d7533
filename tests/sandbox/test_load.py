"""The load in its short form, on the real box: a cell and PostgreSQL killed at once, providers that lose answers."""

from __future__ import annotations

import pytest

from sandbox.load import page
from sandbox.load.audit import DOUBLED, LOST, audit
from sandbox.load.caller import WRONG
from sandbox.load.faults import SHORT
from sandbox.load.run import Order, Result, run

SECONDS, RATE, SEED = 14.0, 2.0, 3


@pytest.fixture(scope="module")
def result() -> Result:
    said: list[str] = []
    return run(Order(SECONDS, RATE, SHORT, SEED), said.append)


def test_nothing_acknowledged_is_lost_or_doubled_and_every_error_is_retryable(result: Result) -> None:
    assert result.failures == []
    assert [window.story for window in result.windows] == [fault.story for fault in SHORT]
    assert not [sample for sample in result.samples if sample.outcome == WRONG]
    assert {one["outcome"] for one in result.journeys} == {"done"}
    assert len(result.journeys) >= SECONDS * RATE
    assert result.counts["cells started again"] == 1
    assert len(result.standing.charges) > 0


def test_a_lost_acknowledgement_that_is_planted_into_this_run_is_found(result: Result) -> None:
    order = next(line for line in result.promises if (line["word"], line["effect"]) == ("told", "order"))
    planted = {**order, "order_id": "00000000000000000000000000"}
    assert [one.kind for one in audit([*result.promises, planted], result.standing)] == [LOST]


def test_a_second_charge_that_is_planted_into_this_run_is_found(result: Result) -> None:
    charge = result.standing.charges[0]
    standing = result.standing._replace(charges=(*result.standing.charges, charge))
    assert [one.kind for one in audit(result.promises, standing)] == [DOUBLED]


def test_the_page_says_what_was_found(result: Result) -> None:
    written = page.page(result, "the short form")
    assert "**Held: 0 acknowledged effects lost, 0 doubled" in written
    assert all(fault.story in written for fault in SHORT)
    bad = result._replace(journeys=({**result.journeys[0], "outcome": "failed", "story": "a story"},))
    assert "NOT HELD" in page.page(bad, "the short form") and "a story" in page.page(bad, "the short form")
