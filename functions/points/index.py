"""Points: what there is, its entries, redemptions and gifts."""

from twinshore import rewards_wiring, wiring
from twinshore.points import gifts, ledger, wire
from twinshore.rewards import wire as rewards
from twinshore.web import Door, Request

door = main_handler = Door("points", wiring)


@door.get("/v1/points", takes=wire.PointsQuery, gives=wire.Points, who="member", problems=wire.ASKING)
def balance(request: Request, query: wire.PointsQuery) -> object:
    return wire.points_model(wiring.points_of(request.session.member_id, query.programme), query.at, request.now)


@door.get("/v1/points/entries", takes=wire.EntriesQuery, gives=wire.PointsEntries, who="member", problems=wire.ASKING)
def entries(request: Request, query: wire.EntriesQuery) -> object:
    book = wiring.points_of(request.session.member_id, query.programme)
    return wire.entries_model(*ledger.entries(book, query.limit, query.after))


@door.post("/v1/points/redemptions", takes=rewards.RedemptionRequest, gives=wire.PointsEntry, who="member", status=201,
           idempotent=True, problems=rewards.REDEEMING)  # fmt: skip
def redeem(request: Request, body: rewards.RedemptionRequest) -> object:
    book = wiring.points_of(request.session.member_id, body.programme)
    return wire.entry_model(rewards_wiring.redeem(book, body.reward, body.market, request))


@door.post("/v1/points/gifts", takes=wire.GiftRequest, gives=wire.PointsEntry, who="member", status=201,
           idempotent=True, problems=wire.GIVING)  # fmt: skip
def give(request: Request, body: wire.GiftRequest) -> object:
    book, known = wiring.points_of(request.session.member_id, body.programme), wiring.is_member
    return wire.entry_model(gifts.give(book, body.to_member_id, body.points, request.idempotency, request.now, known))


@door.post("/v1/points/redemptions/{id}/refunds", takes=wire.RefundRequest, gives=wire.PointsEntry, who="service",
           status=201, problems=rewards.REFUNDING)  # fmt: skip
def refund(request: Request, body: wire.RefundRequest) -> object:
    book = wiring.points_of(body.member_id, body.programme)
    return wire.entry_model(rewards_wiring.refund(book, request.params["id"], request.now))
