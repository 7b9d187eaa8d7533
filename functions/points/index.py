"""Points: the balance, its entries, and redemptions."""

from twinshore import wiring
from twinshore.idempotency import IdempotencyKeyReused
from twinshore.points import ledger, wire
from twinshore.points.problems import InsufficientPoints, RedemptionNotFound
from twinshore.points.rewards import RewardNotFound, find_reward
from twinshore.web import Door, Request

door = Door("points", wiring)
main_handler = door


@door.get("/v1/points", gives=wire.Points, who="member")
def balance(request: Request) -> object:
    book = wiring.points_of(request.session.member_id)
    return wire.Points(member_id=book.member_id, balance=ledger.balance(book))


@door.get("/v1/points/entries", takes=wire.EntriesQuery, gives=wire.PointsEntries, who="member")
def entries(request: Request, query: wire.EntriesQuery) -> object:
    found, cursor = ledger.entries(wiring.points_of(request.session.member_id), query.limit, query.after)
    return wire.PointsEntries(items=[wire.entry_model(entry) for entry in found], next=cursor)


@door.post("/v1/points/redemptions", takes=wire.RedemptionRequest, gives=wire.PointsEntry, who="member", status=201,
           idempotent=True, problems=(InsufficientPoints, RewardNotFound, IdempotencyKeyReused))  # fmt: skip
def redeem(request: Request, body: wire.RedemptionRequest) -> object:
    book = wiring.points_of(request.session.member_id)
    reward = find_reward(body.reward)
    return wire.entry_model(ledger.redeem(book, reward.points, reward.name, request.idempotency, request.now))


@door.post("/v1/points/redemptions/{id}/refunds", takes=wire.RefundRequest, gives=wire.PointsEntry, who="service",
           status=201, problems=(RedemptionNotFound,))  # fmt: skip
def refund(request: Request, body: wire.RefundRequest) -> object:
    return wire.entry_model(ledger.refund(wiring.points_of(body.member_id), request.params["id"], request.now))
