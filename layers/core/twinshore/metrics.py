"""Figures of what happens, under the same names on both clouds; they are lines of the log (docs/decisions/0196).

    metrics.put("paid", {"paid_after_seconds": 2, "paid_late": 0}, provider="stripe", heard="webhook")

On AWS a line carries `_aws`, from which CloudWatch takes its metrics (embedded metric format); on Tencent CLS counts
the same fields by its index (infra/tencent/logs.tf). Alarms on both are made from infra/alarms.toml.

A figure has a unit and, below the cell, at most one dimension that CloudWatch pays for: each value of it is a metric of
its own there. What is `shown` besides stands on the line only, for a query. All of them are words of our own code: none
is an id, none is personal. Nothing here raises, and nothing but `log` is imported: every callback passes through.
"""

import time
from typing import Mapping, NamedTuple

from twinshore import log

NAMESPACE = "Twinshore"
MILLISECONDS, SECONDS, COUNT = "Milliseconds", "Seconds", "Count"
SLOW_MS = 1000
PAID_LATE_SECONDS = 60
LATE_SECONDS = {"events": 10, "webhooks": 90}
"""Committed to told, by channel. Webhooks to merchants go out by the clock, once a minute (docs/decisions/0119)."""
PROBE = "/v1/health"
"""Route 53 and the doctor ask it all day: answers that nobody waits for would thin out those that somebody does."""
OTHER = "other"
WORD_CHARS, WORDS_LIMIT = 32, 40


class Record(NamedTuple):
    """Figures that are said in one line."""

    units: Mapping[str, str]
    by: str = ""
    """Its dimension besides the cell."""
    shown: tuple[str, ...] = ()


RECORDS: dict[str, Record] = {
    "answered": Record({"duration_ms": MILLISECONDS, "failed": COUNT, "slow": COUNT}, "door"),
    "started": Record({"cold_start_cpu_ms": MILLISECONDS}, "door"),
    "paid": Record({"paid_after_seconds": SECONDS, "paid_late": COUNT}, "provider", ("heard",)),
    "told": Record({"told": COUNT, "told_late": COUNT, "told_after_seconds": SECONDS}, "channel"),
    "waiting": Record({"outbox_age_seconds": SECONDS}),
    "called": Record(
        {"call_ms": MILLISECONDS, "call_refused": COUNT, "call_unknown": COUNT}, "party", ("operation", "outcome")
    ),
    "given up": Record({"given_up": COUNT}, "kind"),
    "held": Record({"holds_stuck": COUNT}, "queue"),
    "token": Record({"token_refreshed": COUNT}),
    "job": Record({"job_ms": MILLISECONDS, "job_failed": COUNT}, "job"),
}

_seen: dict[str, set[str]] = {}
_started: list[bool] = []


def answered(method: str, route: str, status: int, duration_ms: float, cloud: str) -> None:
    """The one line that every HTTP request leaves, with its figures. `method` and `route` are our own words: the
    route's template, never the path that was sent. A probe leaves the line, and no figure of a level."""
    if route == PROBE:
        log.plain("answered", f'"method": "{method}", "route": "{route}", "status": {status}, "took_ms": {duration_ms}')
        started()
        return
    failed, slow = "1" if status >= 500 else "0", "1" if duration_ms > SLOW_MS else "0"
    log.plain(
        "answered",
        f'"method": "{method}", "route": "{route}", "status": {status}, "duration_ms": {duration_ms}, '
        f'"failed": {failed}, "slow": {slow}',
        _ANSWERED if cloud == "aws" else "",
    )
    if not _started:
        started()


def started() -> None:
    """Once in the life of an instance: the processor's time from its start to the end of its first request, so that
    waiting for that request does not count."""
    if not _started:
        _started.append(True)
        put("started", {"cold_start_cpu_ms": round(time.process_time() * 1000)})


def put(record: str, figures: Mapping[str, float], **words: str) -> None:
    """One line. record: of RECORDS; figures: its metrics, all or some; words: its dimension and what it shows."""
    try:
        members = [f'"record": "{record}"']
        members += [f'"{name}": "{_word(name, value)}"' for name, value in words.items()]
        members += [f'"{name}": {_number(value)}' for name, value in figures.items()]
        log.plain("measured", ", ".join(members), for_cloudwatch(record) if log.bound()[3] == "aws" else "")
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError):
        log.line("error", "a figure could not be written", record=record)  # a figure is no reason for a payment to fail


def told(channel: str, ages_seconds: list[int]) -> None:
    """How long ago what has just been delivered was committed."""
    if ages_seconds:
        late = sum(age > LATE_SECONDS[channel] for age in ages_seconds)
        figures = {"told": len(ages_seconds), "told_late": late, "told_after_seconds": max(0, *ages_seconds)}
        put("told", figures, channel=channel)


def paid(provider: str, heard: str, seconds: float) -> None:
    """From the provider's own time of a payment, or else from its news' arrival, to our commit."""
    figures = {"paid_after_seconds": round(max(seconds, 0.0), 3), "paid_late": int(seconds > PAID_LATE_SECONDS)}
    put("paid", figures, provider=provider, heard=heard)


def given_up(kind: str) -> None:
    put("given up", {"given_up": 1}, kind=kind)


def called(party: str, operation: str, outcome: str, milliseconds: float) -> None:
    """outcome: `ok`, `refused` (a clear no), `unknown` (it may have happened) or `unreachable` (it did not)."""
    unclear = int(outcome in ("unknown", "unreachable"))
    figures = {"call_ms": round(milliseconds, 1), "call_refused": int(outcome == "refused"), "call_unknown": unclear}
    put("called", figures, party=party, operation=operation, outcome=outcome)


_heads: dict[str, str] = {}


def for_cloudwatch(record: str) -> str:
    """`, "_aws": {..., "Timestamp":`: the same for all lines of a record, and then comes the time."""
    head = _heads.get(record)
    if head is None:
        about = RECORDS[record]
        sets = '["cell"]' + (f',["cell","{about.by}"]' if about.by else "")
        units = ",".join([f'{{"Name":"{name}","Unit":"{unit}"}}' for name, unit in about.units.items()])
        head = _heads[record] = (
            f', "_aws": {{"CloudWatchMetrics":[{{"Namespace":"{NAMESPACE}","Dimensions":[{sets}],'
            f'"Metrics":[{units}]}}],"Timestamp":'
        )
    return head


_ANSWERED = for_cloudwatch("answered")


def _number(value: float) -> str:
    if value - value != 0:
        raise ValueError("a figure is finite")
    return repr(value + 0)  # a bool is its number


def _word(name: str, value: str) -> str:
    """A word of letters, of which there are few: whatever else comes is `other`, and so nobody's id, name or number."""
    known = _seen.setdefault(name, set())
    if value not in known:
        plain = value.replace("_", "").replace("-", "")
        if len(known) >= WORDS_LIMIT or len(value) > WORD_CHARS or not (plain.isascii() and plain.isalpha()):
            return OTHER
        known.add(value)
    return value
