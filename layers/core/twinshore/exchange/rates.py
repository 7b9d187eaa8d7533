"""What points of one programme are in another's. Data: a rate is a row, a new rate a changed row.

    points in = (points out - fee) x times / over, rounded down

Both cells know the table. The cell that credits checks the arithmetic, and that the rate is one of the row's: the
present one, or a former one that is still honoured while both cells are being brought up to date.
"""

from __future__ import annotations

from typing import NamedTuple

from twinshore.exchange.problems import NotExchangeable


class Rate(NamedTuple):
    times: int
    over: int
    fee: int = 0
    """Points out that are the house's, taken off before the conversion."""


class Pair(NamedTuple):
    from_programme: str
    to_programme: str
    rate: Rate
    least: int
    most: int
    """Points out, of one exchange."""
    day_limit: int
    """Points out of one member, in one day of the programme that they leave."""
    former: tuple[Rate, ...] = ()


PAIRS = {
    (pair.from_programme, pair.to_programme): pair
    for pair in (
        Pair("mainland", "overseas", Rate(5, 6), 100, 500_000, 1_000_000),
        Pair("overseas", "mainland", Rate(6, 5), 100, 500_000, 1_000_000),
        Pair("overseas", "overseas", Rate(1, 1), 1, 500_000, 1_000_000),
        Pair("miles", "miles", Rate(1, 1), 1, 100_000, 200_000),
        Pair("mainland", "miles", Rate(1, 3, fee=50), 500, 300_000, 300_000),
        Pair("overseas", "miles", Rate(2, 5, fee=50), 500, 300_000, 300_000),
    )
}


def pair_of(from_programme: str, to_programme: str) -> Pair:
    """Raises NotExchangeable."""
    try:
        return PAIRS[from_programme, to_programme]
    except KeyError:
        raise NotExchangeable("see the table of rates") from None


def points_in(points_out: int, rate: Rate) -> int:
    """Rounded down; never below 0."""
    return max(0, points_out - rate.fee) * rate.times // rate.over


def fewest_out(points: int, rate: Rate) -> int:
    """The fewest points out that bring `points` in: what rounding down would cost beyond that need not be spent."""
    return -(-points * rate.over // rate.times) + rate.fee


def is_honoured(pair: Pair, rate: Rate) -> bool:
    return rate == pair.rate or rate in pair.former
