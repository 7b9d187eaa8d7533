"""What the exchange refuses. Each refusal of a member leaves an audit line (`points.problems.refused`)."""

from __future__ import annotations

from twinshore.errors import Conflict, NotFound, TooManyRequests, Unavailable, Unprocessable
from twinshore.idempotency import IdempotencyKeyReused
from twinshore.intercell.client import NoSuchCell
from twinshore.points.problems import InsufficientPoints
from twinshore.points.programmes import UnknownProgramme


class LinkNotFound(NotFound):
    slug = "points-link-not-found"
    title_en = "There is no such link between memberships"
    title_zh = "未找到该会员关联"


class LinkExists(Conflict):
    slug = "points-link-exists"
    title_en = "This membership is already linked with one in that cell"
    title_zh = "该会员已与该数据区的会员关联"


class LinkEnded(Conflict):
    """`state`: "asking" while the other cell has not answered, "ended" or "refused" for good."""

    slug = "points-link-not-open"
    title_en = "This link between memberships is not open"
    title_zh = "该会员关联当前不可用"


class LinkCodeInvalid(Unprocessable):
    """Wrong, used, or too old: which of them is not told."""

    slug = "points-link-code-invalid"
    title_en = "This code is not valid, please take a new one"
    title_zh = "关联码无效，请重新获取"


class TooManyCodes(TooManyRequests):
    slug = "points-link-too-many-tries"
    title_en = "Too many codes, please wait"
    title_zh = "操作过于频繁，请稍后再试"


class NotExchangeable(Unprocessable):
    slug = "points-not-exchangeable"
    title_en = "These points cannot be exchanged into those"
    title_zh = "这两种积分之间不能互换"


class ExchangeOutOfRange(Unprocessable):
    """`least`, `most`: how many points one exchange may take."""

    slug = "points-exchange-out-of-range"
    title_en = "That is not a number of points that can be exchanged"
    title_zh = "兑换积分数量超出允许范围"


class ExchangeDayLimit(Conflict):
    """`limit`: how many points may go out in one day of the programme."""

    slug = "points-exchange-day-limit"
    title_en = "That is more than can be exchanged in one day"
    title_zh = "超出单日积分互换上限"


class ExchangeNotFound(NotFound):
    slug = "points-exchange-not-found"
    title_en = "There is no such exchange of points"
    title_zh = "未找到该积分互换"


class ExchangeQuoteInvalid(Unprocessable):
    """Forged, cut, or of another kind."""

    slug = "points-quote-invalid"
    title_en = "This is not a points quote of ours"
    title_zh = "积分报价无效"


class ExchangeQuoteExpired(Conflict):
    slug = "points-quote-expired"
    title_en = "The points quote has ended, please take a new one"
    title_zh = "积分报价已过期，请重新获取"


class ExchangeQuoteUsed(Conflict):
    slug = "points-quote-used"
    title_en = "This points quote has been used"
    title_zh = "该积分报价已被使用"


class CreditUndecided(Unavailable):
    """Nothing has been decided here, nor will this answer be taken for a decision: ask again."""

    slug = "points-credit-undecided"
    title_en = "The exchange cannot be decided yet"
    title_zh = "暂时无法处理该积分互换"


class SettlementNotFound(NotFound):
    slug = "points-settlement-not-found"
    title_en = "There is no settlement report of that day and cell"
    title_zh = "没有该日该数据区的积分结算报告"


SHOWING = (NoSuchCell, LinkExists, TooManyCodes)
ENTERING = (*SHOWING, LinkCodeInvalid, IdempotencyKeyReused)
REPORTS = (SettlementNotFound,)
QUOTING = (UnknownProgramme, LinkNotFound, LinkEnded, NotExchangeable, ExchangeOutOfRange)
EXCHANGING = (LinkNotFound, LinkEnded, ExchangeOutOfRange, ExchangeQuoteInvalid, ExchangeQuoteExpired,
              ExchangeQuoteUsed, ExchangeDayLimit, InsufficientPoints, IdempotencyKeyReused)  # fmt: skip
