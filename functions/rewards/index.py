"""Rewards: what points buy in a market, and a member's vouchers."""

from twinshore import rewards_wiring, wiring
from twinshore.rewards import showing, wire
from twinshore.rewards.returning import give_back
from twinshore.rewards.using import use
from twinshore.rewards.vouchers import vouchers_of
from twinshore.web import Door, Request

door = main_handler = Door("rewards", wiring)
VOUCHERS = "/v1/rewards/vouchers"


@door.get("/v1/rewards", takes=wire.RewardsQuery, gives=wire.RewardsOut, problems=wire.SHOWING)
def show(request: Request, query: wire.RewardsQuery) -> object:
    found = showing.shown(wiring.store(), rewards_wiring.shop(), query.market)
    return wire.RewardsOut.of(query.market, found, request.language)


@door.get(VOUCHERS, takes=wire.VouchersQuery, gives=wire.VouchersOut, who="member")
def vouchers(request: Request, query: wire.VouchersQuery) -> object:
    desk = rewards_wiring.desk(wiring.store())
    found = vouchers_of(desk, request.session.member_id, query.after, query.limit)
    return wire.VouchersOut.of(found, rewards_wiring.seals())


@door.post(f"{VOUCHERS}/{{id}}/returns", gives=wire.VoucherOut, who="member", problems=wire.RETURNING)
def give_up(request: Request) -> object:
    desk, mine, number = rewards_wiring.desk(wiring.store()), request.session.member_id, request.params["id"]
    return wire.VoucherOut.of(give_back(desk, rewards_wiring.partner, mine, number, request.now))


@door.post(f"{VOUCHERS}/{{id}}/uses", takes=wire.UseIn, gives=wire.VoucherOut, who="service", problems=wire.USING)
def used(request: Request, body: wire.UseIn) -> object:
    desk, number = rewards_wiring.desk(wiring.store()), request.params["id"]
    return wire.VoucherOut.of(use(desk, body.member_id, number, wire.seconds(body.used_at), request.now))
