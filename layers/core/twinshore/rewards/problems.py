"""What the rewards room refuses. Whoever asks for what is not there, or not theirs, leaves a line."""

from __future__ import annotations

from twinshore import log
from twinshore.errors import Conflict, NotFound, Problem, Unauthenticated, Unprocessable


class RewardNotFound(NotFound):
    slug = "reward-not-found"
    title_en = "There is no such reward"
    title_zh = "没有该奖励"


class SoldOut(Conflict):
    slug = "reward-sold-out"
    title_en = "This reward is sold out"
    title_zh = "该奖励已兑完"


class RewardCapReached(Conflict):
    """`cap`: how many a member may have; `period`: in which time."""

    slug = "reward-cap-reached"
    title_en = "You have had as many of this reward as one member may"
    title_zh = "您兑换该奖励的次数已达上限"


class VoucherNotFound(NotFound):
    slug = "voucher-not-found"
    title_en = "There is no such voucher"
    title_zh = "未找到该券"


class VoucherEnded(Conflict):
    """`state`: what became of it: "used", "returned", "expired"."""

    slug = "voucher-ended"
    title_en = "This voucher has ended already"
    title_zh = "该券已失效"


class VoucherStands(Conflict):
    """A redemption is given back by returning its voucher, `voucher_id`."""

    slug = "voucher-stands"
    title_en = "There is a voucher for this redemption: return it instead"
    title_zh = "该兑换已发券，请先退券"


class CodesRefused(Unprocessable):
    slug = "reward-codes-refused"
    title_en = "These codes cannot be taken into stock"
    title_zh = "无法导入这些券码"


class PartnerSignatureRefused(Unauthenticated):
    slug = "partner-signature-refused"
    title_en = "The partner's signature is not valid"
    title_zh = "合作方签名无效"


def refused(problem: Problem, **facts: object) -> Problem:
    """Leave the audit line for `problem`, and give it to be raised."""
    log.line("warning", "reward refused", why=problem.slug, **facts)
    return problem
