"""What points buy, and what earns them. Prices are ours: a caller names a reward, never its price."""

from __future__ import annotations

from typing import NamedTuple

from twinshore.errors import NotFound
from twinshore.money import Money, Rounding, divide


class RewardNotFound(NotFound):
    slug = "reward-not-found"
    title_en = "There is no such reward"
    title_zh = "没有该奖励"


class Reward(NamedTuple):
    name: str
    points: int
    title_en: str
    title_zh: str


REWARDS = {
    reward.name: reward
    for reward in (
        Reward("coffee_voucher", 100, "A cup of coffee", "咖啡券一张"),
        Reward("food_coupon", 200, "A meal coupon", "美食券一张"),
        Reward("taxi_coupon", 300, "A taxi ride", "打车券一张"),
        Reward("lounge_access", 800, "A visit to an airport lounge", "机场贵宾厅一次"),
    )
}

# How much of a currency, in minor units, earns one point. About one yuan each: set by the programme, not by the rates
# of the day, so that a price earns the same points today and tomorrow.
MINOR_UNITS_PER_POINT = {"CNY": 100, "EUR": 12, "GBP": 10, "SGD": 18, "IDR": 210_000, "MYR": 60, "THB": 450,
                         "JPY": 20, "USD": 14, "BRL": 75, "SAR": 50}  # fmt: skip


def find_reward(name: str) -> Reward:
    """Raises RewardNotFound."""
    if name not in REWARDS:
        raise RewardNotFound("see the catalogue")
    return REWARDS[name]


def points_for(paid: Money) -> int:
    """Whole points, rounded down; none for a currency in which no market of ours sells."""
    per_point = MINOR_UNITS_PER_POINT.get(paid.currency)
    return divide(paid.amount_minor, per_point, Rounding.DOWN) if per_point else 0
