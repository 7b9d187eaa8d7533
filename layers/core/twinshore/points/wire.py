"""Wire models of the points door."""

from __future__ import annotations

import time
from calendar import timegm

from twinshore.idempotency import IdempotencyKeyReused
from twinshore.models import BaseModel, ConfigDict, Field, field_validator
from twinshore.points.book import Entry, Ledger
from twinshore.points.problems import GiftRefused, InsufficientPoints, PointsOutOfRange
from twinshore.points.programmes import UnknownProgramme
from twinshore.points.standing import present, standing

PAGE_LIMIT = 100
_MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"
_MOMENT_FORMAT = "%Y-%m-%dT%H:%M:%SZ"

ASKING = (UnknownProgramme,)
GIVING = (InsufficientPoints, GiftRefused, PointsOutOfRange, UnknownProgramme, IdempotencyKeyReused)
"""Which problems each route may answer with, for the OpenAPI document."""


class PointsQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    programme: str = Field(default="", max_length=40, description="the kind of points; that of the cell by default")
    at: str | None = Field(default=None, pattern=_MOMENT, description="RFC 3339, UTC: what there was then")

    @field_validator("at")
    @classmethod
    def _is_a_moment(cls, at: str | None) -> str | None:
        if at is not None:
            _seconds(at)  # its ValueError is the caller's mistake
        return at


class Points(BaseModel):
    member_id: str
    programme: str
    balance: int = Field(ge=0, description="what can be spent")
    held: int = Field(ge=0, description="set aside for something that is not decided yet")
    pending: int = Field(ge=0, description="earned, to be spent later")
    next_expiry: str | None = Field(default=None, description="RFC 3339, UTC: when the first of them may expire")


class GiftRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    to_member_id: str = Field(min_length=1, max_length=64)
    points: int
    programme: str = Field(default="", max_length=40)


class RefundRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    member_id: str = Field(min_length=1, max_length=64)
    programme: str = Field(default="", max_length=40)


class EntriesQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=20, ge=1, le=PAGE_LIMIT)
    programme: str = Field(default="", max_length=40)
    after: str | None = Field(default=None, max_length=64, pattern=r"^[0-9]{12}-[0-9a-f]{1,51}$")


class PointsEntry(BaseModel):
    id: str
    kind: str = Field(description="earn, redeem, refund, give, receive, expire, ...")
    points: int = Field(description="what it does to the balance: positive in, negative out")
    reason: str
    at: str = Field(description="RFC 3339, UTC")


class PointsEntries(BaseModel):
    items: list[PointsEntry]
    next: str | None = None


def entry_model(entry: Entry) -> PointsEntry:
    return PointsEntry(id=entry.id, kind=entry.kind, points=entry.points, reason=entry.reason, at=_moment(entry.at))


def entries_model(found: list[Entry], cursor: str | None) -> PointsEntries:
    return PointsEntries(items=[entry_model(entry) for entry in found], next=cursor)


def points_model(book: Ledger, at: str | None, now: int) -> Points:
    """What there is, or was."""
    if at is None:
        there = present(book, now)
        spendable, held, pending, expiry = there
    else:
        then = standing(book, _seconds(at))
        spendable, held, pending, expiry = *then[:3], then.lots[0].expires_at if then.lots else None
    return Points(member_id=book.member_id, programme=book.terms.name, balance=spendable, held=held, pending=pending,
                  next_expiry=None if expiry is None else _moment(expiry))  # fmt: skip


def _moment(at: int) -> str:
    return time.strftime(_MOMENT_FORMAT, time.gmtime(at))


def _seconds(moment: str) -> int:
    return timegm(time.strptime(moment, _MOMENT_FORMAT))
