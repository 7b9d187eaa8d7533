"""What the points room refuses. Whoever asks for what is not theirs, or for numbers that cannot be, leaves a line."""

from __future__ import annotations

from twinshore import log
from twinshore.errors import Conflict, NotFound, Problem, Unprocessable


class InsufficientPoints(Conflict):
    """`balance`: what there is."""

    slug = "insufficient-points"
    title_en = "There are not enough points"
    title_zh = "积分不足"


class RedemptionNotFound(NotFound):
    slug = "redemption-not-found"
    title_en = "There is no such redemption"
    title_zh = "未找到该兑换记录"


class PointsOutOfRange(Unprocessable):
    """`limit`: the most that there may be, where it is that."""

    slug = "points-out-of-range"
    title_en = "That is not a number of points that can be moved"
    title_zh = "积分数量超出允许范围"


class HoldNotFound(NotFound):
    slug = "points-hold-not-found"
    title_en = "There is no such hold on points"
    title_zh = "未找到该积分冻结记录"


class HoldEnded(Conflict):
    """`state`: how it has ended: "settled" or "released"."""

    slug = "points-hold-ended"
    title_en = "The hold on these points has ended already"
    title_zh = "该积分冻结已结束"


class GiftRefused(Unprocessable):
    slug = "points-gift-refused"
    title_en = "Points cannot be given to this member"
    title_zh = "无法向该会员赠送积分"


def refused(problem: Problem, **facts: object) -> Problem:
    """Leave the audit line for `problem`, and give it to be raised."""
    log.line("warning", "points refused", why=problem.slug, **facts)
    return problem
