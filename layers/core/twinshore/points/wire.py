"""Wire models of the points door."""

from __future__ import annotations

import time

from pydantic import BaseModel, ConfigDict, Field

from twinshore.points.book import Entry

PAGE_LIMIT = 100


class Points(BaseModel):
    member_id: str
    balance: int = Field(ge=0)


class RedemptionRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    reward: str = Field(min_length=1, max_length=40, description="a name of the catalogue")


class RefundRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    member_id: str = Field(min_length=1, max_length=64)


class EntriesQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=20, ge=1, le=PAGE_LIMIT)
    after: str | None = Field(default=None, max_length=64, pattern=r"^[0-9]{12}-[0-9a-f]{1,51}$")


class PointsEntry(BaseModel):
    id: str
    kind: str = Field(description="earn, redeem, refund or take_back")
    points: int = Field(description="positive in, negative out")
    reason: str
    at: str = Field(description="RFC 3339, UTC")


class PointsEntries(BaseModel):
    items: list[PointsEntry]
    next: str | None = None


def entry_model(entry: Entry) -> PointsEntry:
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(entry.at))
    return PointsEntry(id=entry.id, kind=entry.kind, points=entry.points, reason=entry.reason, at=at)
