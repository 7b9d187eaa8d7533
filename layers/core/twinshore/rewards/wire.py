"""Wire models of the rewards door, and of redemptions."""

from __future__ import annotations

import time
from calendar import timegm
from typing import Annotated, Any

from twinshore.errors import Misdirected
from twinshore.idempotency import IdempotencyKeyReused
from twinshore.models import AfterValidator, BaseModel, ConfigDict, Field
from twinshore.points.problems import InsufficientPoints, RedemptionNotFound
from twinshore.rewards.catalogue import NAME, Offer, names_in
from twinshore.rewards.differences import Difference
from twinshore.rewards.pool import CODE_LIMIT_CHARS, SERIAL_LIMIT_CHARS, bound_to
from twinshore.rewards.port import Code, Seals
from twinshore.rewards.problems import (
    CodesRefused,
    PartnerSignatureRefused,
    RewardCapReached,
    RewardNotFound,
    SoldOut,
    VoucherEnded,
    VoucherNotFound,
    VoucherStands,
)
from twinshore.rewards.vouchers import ISSUED, Voucher

REDEEMING = (InsufficientPoints, RewardNotFound, Misdirected, SoldOut, RewardCapReached, IdempotencyKeyReused)
REFUNDING = (RedemptionNotFound, VoucherStands)
SHOWING = (RewardNotFound, Misdirected)
RETURNING = (VoucherNotFound, VoucherEnded)
USING = (VoucherNotFound, VoucherEnded)
STOCKING = (RewardNotFound, CodesRefused)
HEARING = (PartnerSignatureRefused, RewardNotFound, CodesRefused)
CODES_LIMIT = 300
_MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"
_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
_MARKET = r"^([A-Z]{2})?$"


def seconds(text: str) -> int:
    """Raises ValueError for what is no moment."""
    return timegm(time.strptime(text, _FORMAT))


def _is_a_moment(text: str) -> str:
    seconds(text)
    return text


Moment = Annotated[str, Field(pattern=_MOMENT), AfterValidator(_is_a_moment)]


class RedemptionRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    reward: str = Field(min_length=1, max_length=40, description="a name of the catalogue")
    market: str = Field(default="", pattern=_MARKET, description="where it is to be used; by default the cell's first")
    programme: str = Field(default="", max_length=40, description="whose points; those of the cell by default")


class RewardsQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    market: str = Field(default="", pattern=_MARKET, description="ISO 3166-1 alpha-2; by default the cell's first")


class RewardOut(BaseModel):
    reward: str
    title: str = Field(description="in the language that was asked for")
    names: dict[str, str] = Field(description="by language (BCP 47): English, Chinese, and the market's own")
    category: str
    points: dict[str, int] = Field(description="what it costs, by programme")
    partner: str
    region: str
    valid_days: int
    cap: int | None = Field(default=None, description="how many one member may have in `cap_period`")
    cap_period: str | None = Field(default=None, description="month (of the programme's calendar) or ever")
    availability: str = Field(description="unlimited, available, low or sold_out")


class RewardsOut(BaseModel):
    market: str
    items: list[RewardOut]

    @classmethod
    def of(cls, market: str, offers: list[tuple[Offer, str]], language: str) -> RewardsOut:
        return cls(market=market, items=[_reward(offer, there, market, language) for offer, there in offers])


class VoucherOut(BaseModel):
    id: str
    reward: str
    region: str
    state: str = Field(description="claimed (the code is on its way), issued, used, expired, returning or returned")
    redemption_id: str
    points: int
    programme: str
    claimed_at: str = Field(description="RFC 3339, UTC, as all times")
    valid_until: str
    serial: str | None = None
    code: str | None = Field(default=None, description="what the member shows; of an issued voucher only")
    ended_at: str | None = None
    refunded: bool = Field(description="whether the points came back")

    @classmethod
    def of(cls, voucher: Voucher, seals: Seals | None = None) -> VoucherOut:
        """With its code, if `seals` are given."""
        reward, _, region = voucher.offer_id.partition(":")
        shown = seals is not None and voucher.state == ISSUED
        code = seals.open(voucher.sealed, bound_to(voucher.partner, voucher.serial)) if shown and seals else None
        return cls(
            id=voucher.id, reward=reward, region=region, state=voucher.state, redemption_id=voucher.redemption_id,
            points=voucher.points, programme=voucher.programme, claimed_at=moment(voucher.claimed_at),
            valid_until=moment(voucher.valid_until), serial=voucher.serial or None, code=code,
            ended_at=moment(voucher.ended_at) if voucher.ended_at else None, refunded=voucher.refunded,
        )  # fmt: skip


class VouchersQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=20, ge=1, le=100)
    after: str | None = Field(default=None, max_length=256)


class VouchersOut(BaseModel):
    items: list[VoucherOut]
    next: str | None = None

    @classmethod
    def of(cls, found: tuple[list[Voucher], Any], seals: Seals) -> VouchersOut:
        return cls(items=[VoucherOut.of(voucher, seals) for voucher in found[0]], next=found[1])


class UseIn(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    member_id: str = Field(min_length=1, max_length=64)
    used_at: Moment


class CodeIn(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    serial: str = Field(min_length=1, max_length=SERIAL_LIMIT_CHARS)
    code: str = Field(min_length=1, max_length=CODE_LIMIT_CHARS)
    expires_at: Moment


class CodesIn(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    reward: str = Field(pattern=NAME)
    region: str = Field(pattern=NAME)
    codes: list[CodeIn] = Field(min_length=1, max_length=CODES_LIMIT)

    @property
    def offer_id(self) -> str:
        return f"{self.reward}:{self.region}"

    def wanted(self) -> tuple[Code, ...]:
        return tuple(Code(each.serial, each.code, seconds(each.expires_at)) for each in self.codes)


class CodesOut(BaseModel):
    new: int
    known: int = Field(description="were there already")


class HeardOut(BaseModel):
    new_codes: int
    uses: int
    differences: int


class DifferenceOut(BaseModel):
    partner: str
    serial: str
    ours: str
    theirs: str
    action: str = Field(description="what we propose")
    found_at: str
    settled_at: str | None = None


class DifferencesOut(BaseModel):
    items: list[DifferenceOut]

    @classmethod
    def of(cls, found: list[Difference]) -> DifferencesOut:
        return cls(items=[_difference(each) for each in found])


def moment(at: int) -> str:
    return time.strftime(_FORMAT, time.gmtime(at))


def _difference(each: Difference) -> DifferenceOut:
    return DifferenceOut(
        partner=each.partner, serial=each.serial, ours=each.ours, theirs=each.theirs, action=each.action,
        found_at=moment(each.found_at), settled_at=moment(each.settled_at) if each.settled_at else None,
    )  # fmt: skip


def _reward(offer: Offer, there: str, market: str, language: str) -> RewardOut:
    reward = offer.reward
    return RewardOut(
        reward=reward.name, title=reward.names["zh-CN" if language == "zh-CN" else "en"],
        names=names_in(reward, market), category=reward.category, points=dict(reward.prices), partner=reward.partner,
        region=offer.region, valid_days=reward.valid_days, cap=reward.cap or None,
        cap_period=reward.cap_period if reward.cap else None, availability=there,
    )  # fmt: skip
