"""What earns points. What they buy is in the room `rewards`."""

from __future__ import annotations

from twinshore.money import Money, Rounding, divide

# How much of a currency, in minor units, earns one point. About one yuan each: set by the programme, not by the rates
# of the day, so that a price earns the same points today and tomorrow.
MINOR_UNITS_PER_POINT = {"CNY": 100, "EUR": 12, "GBP": 10, "SGD": 18, "IDR": 210_000, "MYR": 60, "THB": 450,
                         "JPY": 20, "USD": 14, "BRL": 75, "SAR": 50}  # fmt: skip


def points_for(paid: Money) -> int:
    """Whole points, rounded down; none for a currency in which no market of ours sells."""
    per_point = MINOR_UNITS_PER_POINT.get(paid.currency)
    return divide(paid.amount_minor, per_point, Rounding.DOWN) if per_point else 0
