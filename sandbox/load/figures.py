"""Figures out of samples: percentiles of each deed, errors in and out of the fault windows, and the knee of a ramp."""

from __future__ import annotations

import collections
from typing import Any, Iterable, Mapping, NamedTuple, Sequence

from sandbox.load.caller import AGAIN, NETWORK, OK, REFUSED, WRONG, Sample
from sandbox.load.faults import Window

AFTERMATH_SECONDS = 2.0
"""What was asked so soon after the last fault was healed counts as within it: connections are made anew."""
KNEE_FACTOR = 3.0
"""p99 has left its plateau when it is so many times that of the calm steps."""
CALM_STEPS = 2
"""The first ones, of which the plateau is made."""


class Deed(NamedTuple):
    name: str
    calls: int
    p50_ms: float
    p99_ms: float
    slowest_ms: float


class Span(NamedTuple):
    """Something that takes several calls, or happens elsewhere."""

    name: str
    times: int
    p50_seconds: float
    p99_seconds: float


class Errors(NamedTuple):
    """Of all tries that began in, or out of, the windows."""

    tries: int
    again: int
    """Problem documents that say when to come again."""
    network: int
    """No answer."""
    wrong: int

    @property
    def rate(self) -> float:
        return (self.again + self.network + self.wrong) / self.tries if self.tries else 0.0


class Step(NamedTuple):
    """One step of the ramp."""

    rate: float
    """Journeys begun per second."""
    requests_per_second: float
    p50_ms: float
    p99_ms: float
    kept_up: bool
    """Whether every journey could begin when it was to, and all tries ended well."""


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all do not exceed (nearest rank); 0 of none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * round(share * 100) // 100) - 1)]


def deeds(samples: Iterable[Sample]) -> list[Deed]:
    """Of tries that ended well, the most frequent deed first."""
    times: dict[str, list[float]] = collections.defaultdict(list)
    for sample in samples:
        if sample.outcome in (OK, REFUSED):
            times[sample.deed].append(sample.ms)
    rows = [Deed(name, len(ms), percentile(ms, 0.5), percentile(ms, 0.99), max(ms)) for name, ms in times.items()]
    return sorted(rows, key=lambda row: (-row.calls, row.name))


def journeys(ended: Iterable[Mapping[str, Any]]) -> list[Span]:
    """Whole journeys that ended well, by their kind."""
    times: dict[str, list[float]] = collections.defaultdict(list)
    for one in ended:
        if one["outcome"] == "done":
            times[one["kind"]].append(one["seconds"])
    return [_span(name, seconds) for name, seconds in sorted(times.items())]


def waits(promises: Iterable[Mapping[str, Any]]) -> list[Span]:
    """From the payer's yes until they see the order paid, and from there until they see the points."""
    at: dict[str, dict[str, float]] = {"yes": {}, "paid": {}, "earned": {}}
    for line in promises:
        if line["effect"] in at and line["word"] == "told":
            at[line["effect"]][line["order_id"]] = line["at"]
    return [
        _span(
            f"{first} → {then}", [at[then][order] - moment for order, moment in at[first].items() if order in at[then]]
        )
        for first, then in (("yes", "paid"), ("paid", "earned"))
    ]


def _span(name: str, seconds: Sequence[float]) -> Span:
    return Span(name, len(seconds), percentile(seconds, 0.5), percentile(seconds, 0.99))


def within(sample: Sample, windows: Iterable[Window]) -> bool:
    ended = sample.at + sample.ms / 1000
    return any(sample.at <= window.healed + AFTERMATH_SECONDS and ended >= window.began for window in windows)


def split(samples: Iterable[Sample], windows: Sequence[Window]) -> tuple[list[Sample], list[Sample]]:
    """Those in the windows, and those out of them."""
    sides: tuple[list[Sample], list[Sample]] = ([], [])
    for sample in samples:
        sides[0 if within(sample, windows) else 1].append(sample)
    return sides


def errors(samples: Sequence[Sample]) -> Errors:
    counts = collections.Counter(sample.outcome for sample in samples)
    return Errors(len(samples), counts[AGAIN], counts[NETWORK], counts[WRONG])


def problems(samples: Iterable[Sample]) -> list[tuple[str, int]]:
    """What error answers said, the most frequent first; "no answer" for those without one."""
    said = (sample.problem or "no answer" for sample in samples if sample.outcome in (AGAIN, NETWORK, WRONG))
    return collections.Counter(said).most_common()


def per_second(samples: Sequence[Sample]) -> float:
    """Answers per second, from the first try to the last answer."""
    if not samples:
        return 0.0
    ends = max(sample.at + sample.ms / 1000 for sample in samples)
    return len(samples) / max(0.001, ends - min(sample.at for sample in samples))


def step_of(rate: float, samples: Sequence[Sample], is_late: bool) -> Step:
    times = [sample.ms for sample in samples]
    well = not is_late and all(sample.outcome in (OK, REFUSED) for sample in samples)
    return Step(rate, per_second(samples), percentile(times, 0.5), percentile(times, 0.99), well)


def is_over(step: Step, calm: Sequence[Step]) -> bool:
    """Whether this step has left the plateau of the calm ones before it."""
    if len(calm) < CALM_STEPS:
        return not step.kept_up
    plateau_ms = percentile([each.p99_ms for each in calm], 0.5)
    return not step.kept_up or step.p99_ms > KNEE_FACTOR * plateau_ms


def knee(steps: Sequence[Step]) -> float:
    """The highest rate before p99 leaves its plateau for good: a step over it, and the next one too. One step alone is
    a hiccup of the machine."""
    calm: list[Step] = []
    over = 0
    for step in steps:
        if is_over(step, calm):
            over += 1
            if over == 2:
                break
        else:
            over = 0
            calm.append(step)
    return max((step.rate for step in calm), default=min((step.rate for step in steps), default=0.0))
