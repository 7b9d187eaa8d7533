"""What a section hands to the report: goals with what was measured, and the figures behind them."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """A ratio against a peer of the same run. `hold` and `reach`: the goal and what lies beyond it; None: no goal."""

    what: str
    peer: str
    ratio: float
    hold: float | None = None
    reach: float | None = None
    at_least: bool = False
    """True where more is better (work per second)."""
    why: str = ""
    """Where the time goes; told when the goal is not held."""

    @property
    def held(self) -> bool:
        return self.hold is None or self._passes(self.hold)

    @property
    def mark(self) -> str:
        if self.hold is None:
            return ""
        if not self.held:
            return "NOT HELD"
        return "held, reached" if self.reach is not None and self._passes(self.reach) else "held"

    @property
    def goal(self) -> str:
        sign = "≥" if self.at_least else "≤"
        hold = "" if self.hold is None else f"{sign} {self.hold:g}"
        reach = "" if self.reach is None else f"reach {sign} {self.reach:g}"
        return ", ".join(part for part in (hold, reach) if part)

    def _passes(self, limit: float) -> bool:
        return self.ratio >= limit if self.at_least else self.ratio <= limit


class Section(NamedTuple):
    title: str
    note: str
    """What is counted, and what is not."""
    rows: list[Row]
    figures: list[tuple[str, ...]]
    """A table: the first is the heading."""


def figure(values: list[float]) -> str:
    """Median and range."""
    ordered = sorted(values)
    middle = ordered[len(ordered) // 2]
    return f"{middle:,.4g} ({ordered[0]:,.4g}–{ordered[-1]:,.4g})"
