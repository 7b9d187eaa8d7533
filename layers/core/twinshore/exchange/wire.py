"""What the doors of links and of exchanges take and give."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal

from twinshore.exchange import exchanges, links, rates, receipts, settlement
from twinshore.exchange.codes import Code
from twinshore.exchange.quote import Quote, Wish
from twinshore.models import BaseModel, BeforeValidator, ConfigDict, Field
from twinshore.problems import Response

PAGE_LIMIT = 100


class Given(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


def _given(consent: object) -> object:
    if consent is not True:  # 1 equals True, and is no consent
        raise ValueError("consent is true, or there is none")
    return consent


Consent = Annotated[Literal[True], BeforeValidator(_given), Field(description=links.PURPOSE)]


class LinkRequest(Given):
    cell: str = Field(pattern=r"^[a-z0-9-]{1,32}$", description="where the code will be entered")
    consent: Consent


class LinkConfirmation(Given):
    cell: str = Field(pattern=r"^[a-z0-9-]{1,32}$", description="where the code was shown")
    code: str = Field(min_length=8, max_length=16, pattern=r"^[A-Za-z0-9 -]+$")
    consent: Consent


class LinkCode(BaseModel):
    code: str
    cell: str
    expires_at: str = Field(description="RFC 3339, UTC")

    @classmethod
    def of(cls, code: Code) -> LinkCode:
        return cls(code=f"{code.text[:4]}-{code.text[4:]}", cell=code.cell, expires_at=rfc3339(code.expires_at))


class PointsLink(BaseModel):
    id: str = Field(description="a pseudonym: it is all that the other cell knows of this member")
    cell: str
    state: str = Field(description="asking, open, ended or refused")
    consent: str = Field(description="version of the words that were agreed to")
    consented_at: str
    linked_at: str | None = None
    ended_at: str | None = None

    @classmethod
    def of(cls, link: links.Link) -> PointsLink:
        return cls(
            id=link.id, cell=link.other, state=link.state, consent=link.consent,
            consented_at=rfc3339(link.consented_at), linked_at=_moment(link.linked_at), ended_at=_moment(link.ended_at),
        )  # fmt: skip


class PointsLinks(BaseModel):
    items: list[PointsLink]

    @classmethod
    def of(cls, found: list[links.Link]) -> PointsLinks:
        return cls(items=[PointsLink.of(link) for link in found])


class PageQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=20, ge=1, le=PAGE_LIMIT)
    after: str | None = Field(default=None, max_length=256)


class Receipts(BaseModel):
    """Check it with `python -m tools.verify_receipts`."""

    items: list[dict[str, Any]] = Field(description="each as it was hashed and signed: docs/points-exchange.md")
    next: str | None = None

    @classmethod
    def of(cls, page: tuple[list[receipts.Receipt], str | None]) -> Receipts:
        return cls(items=[receipt._asdict() for receipt in page[0]], next=page[1])


class ExchangeQuoteRequest(Given):
    link: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    points: int = Field(ge=1, le=10**9, description="points that leave")
    programme: str = Field(default="", max_length=32, description="what leaves; else this cell's default")
    to_programme: str = Field(default="", max_length=32, description="what it becomes; else the other cell's default")

    def wish(self) -> Wish:
        return Wish(self.link, self.points, self.programme, self.to_programme)


class ExchangeRate(BaseModel):
    times: int
    over: int


class ExchangeQuote(BaseModel):
    quote: str = Field(description="the promise; send it with the exchange, once")
    link: str
    cell: str
    from_programme: str
    to_programme: str
    points_out: int
    points_in: int = Field(description="(points_out - fee) x times / over, rounded down")
    fee: int
    rate: ExchangeRate
    rounding: Literal["down"] = "down"
    fewest_points_out: int = Field(description="the fewest points that bring as many")
    expires_at: str

    @classmethod
    def of(cls, made: Quote, token: str) -> ExchangeQuote:
        return cls(
            quote=token, link=made.link, cell=made.other, from_programme=made.from_programme,
            to_programme=made.to_programme, points_out=made.points_out, points_in=made.points_in, fee=made.fee,
            rate=ExchangeRate(times=made.rate_times, over=made.rate_over),
            fewest_points_out=rates.fewest_out(made.points_in, made.rate), expires_at=rfc3339(made.expires_at),
        )  # fmt: skip


class ExchangeRequest(Given):
    quote: str = Field(min_length=1, max_length=4096)


class PointsExchange(BaseModel):
    id: str
    link: str
    cell: str
    from_programme: str
    to_programme: str
    points_out: int
    points_in: int
    fee: int
    state: str = Field(description="pending: held here, the other cell has not answered; settled; rejected: given back")
    reason: str | None = Field(None, description="of a rejection")
    held_at: str
    decided_at: str | None = None

    @classmethod
    def of(cls, one: exchanges.Exchange) -> PointsExchange:
        return cls(
            id=one.id, link=one.link, cell=one.other, from_programme=one.from_programme,
            to_programme=one.to_programme, points_out=one.points_out, points_in=one.points_in, fee=one.fee,
            state=one.state, reason=one.reason or None, held_at=rfc3339(one.held_at),
            decided_at=_moment(one.decided_at),
        )  # fmt: skip


class PointsExchanges(BaseModel):
    items: list[PointsExchange]
    next: str | None = None

    @classmethod
    def of(cls, page: tuple[list[exchanges.Exchange], str | None]) -> PointsExchanges:
        return cls(items=[PointsExchange.of(one) for one in page[0]], next=page[1])


class PointsSettlement(BaseModel):
    cell: str
    day: str
    agrees: bool
    sums: dict[str, dict[str, int]]
    differences: list[dict[str, Any]]
    differences_count: int
    made_at: str

    @classmethod
    def of(cls, report: settlement.Report) -> PointsSettlement:
        names = ("out_here", "out_there", "in_here", "in_there")
        return cls(
            cell=report.other, day=report.day, agrees=report.agrees, made_at=rfc3339(report.made_at),
            sums={name: getattr(report, name)._asdict() for name in names},
            differences=[each._asdict() for each in report.differences], differences_count=report.differences_count,
        )  # fmt: skip


def decided(answer: PointsLink | PointsExchange) -> Response:
    """201 for what both cells have agreed on, 202 for what the other cell has still to say."""
    status = 202 if answer.state in (links.ASKING, exchanges.PENDING) else 201
    return Response(status, answer.model_dump_json(exclude_none=True).encode())


def rfc3339(at: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def _moment(at: int) -> str | None:
    return rfc3339(at) if at else None
