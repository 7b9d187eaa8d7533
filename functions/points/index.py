"""Points: the balance, its entries, and redemptions."""

from twinshore import wiring
from twinshore.idempotency import IdempotencyKeyReused
from twinshore.points import ledger
from twinshore.points.rewards import RewardNotFound, find_reward
from twinshore.points.wire import (
    EntriesQuery,
    Points,
    PointsEntries,
    PointsEntry,
    RedemptionRequest,
    RefundRequest,
    entry_model,
)  # fmt: skip
from twinshore.web import Door, Request

door = Door("points", wiring)
main_handler = door


@door.get("/v1/points", gives=Points, who="member")
def balance(request: Request) -> object:
    book = wiring.points_of(request.session.member_id)
    return Points(member_id=book.member_id, balance=ledger.balance(book))


@door.get("/v1/points/entries", takes=EntriesQuery, gives=PointsEntries, who="member")
def entries(request: Request, query: EntriesQuery) -> object:
    found, cursor = ledger.entries(wiring.points_of(request.session.member_id), query.limit, query.after)
    return PointsEntries(items=[entry_model(entry) for entry in found], next=cursor)


@door.post("/v1/points/redemptions", takes=RedemptionRequest, gives=PointsEntry, who="member", idempotent=True,
           status=201, problems=(ledger.InsufficientPoints, RewardNotFound, IdempotencyKeyReused))  # fmt: skip
def redeem(request: Request, body: RedemptionRequest) -> object:
    book = wiring.points_of(request.session.member_id)
    return entry_model(ledger.redeem(book, find_reward(body.reward), request.idempotency, request.now))


@door.post("/v1/points/redemptions/{id}/refunds", takes=RefundRequest, gives=PointsEntry, who="service", status=201,
           problems=(ledger.RedemptionNotFound,))  # fmt: skip
def refund(request: Request, body: RefundRequest) -> object:
    return entry_model(ledger.refund(wiring.points_of(body.member_id), request.params["id"], request.now))
