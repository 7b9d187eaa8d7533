"""The bench runs, and its parts agree: every stack gives the right answer, and every goal has a figure."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest

from bench import report
from bench.place import Place, place
from bench.processes import ROOT, in_turn, start_once
from bench.rows import Row, Section

OURS = ("pay_path", "pay_seam", "pay_door", "pay_door_dynamodb", "json_twinshore", "login_door")


@pytest.fixture(scope="module")
def world() -> Iterator[Place]:
    with place() as found:
        yield found


@pytest.mark.parametrize("stack", [*OURS, "pay_hand", "json_bare"])
def test_a_stack_answers_its_request_rightly(world: Place, stack: str) -> None:
    start_once((stack,), world)  # the probe looks at the answer


def test_every_stack_of_the_bench_is_named_in_the_page() -> None:
    from bench.doors import NAMES

    shared = {"models", "sdk"}
    assert set(NAMES) == {file.stem for file in (ROOT / "bench" / "stacks").glob("*.py")} - shared


def test_everyone_begins_a_round_in_turn_and_the_first_round_does_not_count() -> None:
    asked: list[str] = []

    def measure(name: str) -> float:
        asked.append(name)
        return float(len(asked))

    got = in_turn(["a", "b"], 2, measure)
    assert asked == ["a", "b", "b", "a", "a", "b"]
    assert got == {"a": [4.0, 5.0], "b": [3.0, 6.0]}


@pytest.mark.parametrize(
    ("ratio", "at_least", "mark"),
    [(0.8, False, "held, reached"), (1.0, False, "held"), (1.2, False, "NOT HELD"),
     (1.2, True, "held"), (1.3, True, "held, reached"), (0.9, True, "NOT HELD")],
)  # fmt: skip
def test_a_goal_is_held_or_it_is_not(ratio: float, at_least: bool, mark: str) -> None:
    hold, reach = (1.0, 1.3) if at_least else (1.0, 0.9)
    assert Row("what", "peer", ratio, hold, reach, at_least).mark == mark


def test_signatures_and_redemptions_on_sqlite_are_measured_and_add_up() -> None:
    from bench import redemption_sqlite, signatures

    sections = [
        signatures.signed_promises(1, 5), signatures.stripe_webhooks(1, 5), redemption_sqlite.section(1, 0.05),
    ]  # fmt: skip
    for section in sections:
        assert all(row.ratio > 0 for row in section.rows)
        assert section.title in report.shown(section)


def test_exchanges_in_the_box_are_measured_and_both_ledgers_agree() -> None:
    from bench import exchange

    section = exchange.section(3)
    assert section.rows[0].ratio > 0
    assert section.figures[0] == ("what", "p50 ms", "p99 ms", "least ms")
    assert [float(cell) > 0 for row in section.figures[1:] for cell in row[1:]] == [True] * 6


def test_the_page_names_the_machine_the_method_and_what_is_missed(tmp_path: Path) -> None:
    missed = Row("a door", "a peer", 2.0, 1.0, why="it waits.")
    section = Section("A title", "A note.", [missed], [("stack", "ms"), ("ours", "2")])
    page = report.page([section], "a test")
    for text in (
        "cores",
        "CPython",
        "How it is measured",
        "| a door | a peer | 2.00 | ≤ 1 | NOT HELD |",
        "0 of 1 goals held",
    ):
        assert text in page
