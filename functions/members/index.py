"""Members: profile, tier, and the daily check-in."""

from twinshore import members_wiring, wiring
from twinshore.members import check_ins, make_ups, profile, standing, wire
from twinshore.web import Door, Request

main_handler = door = Door("members", wiring)
SELF, DAYS = "/v1/members/me", "/v1/points/check-ins"


@door.get(SELF, gives=wire.MemberOut, who="member")
def show(request: Request) -> object:
    return wire.MemberOut.of(members_wiring.members_in(wiring.store()), request.session.member_id, request.now)


@door.put(SELF, takes=wire.ProfileIn, gives=wire.MemberOut, who="member", problems=wire.PROFILE)
def change(request: Request, body: wire.ProfileIn) -> object:
    profile.change(members_wiring.members_in(wiring.store()), request.session.member_id, body.wanted(), request.now)
    return show(request)


@door.get(f"{SELF}/tier-changes", gives=wire.TierChanges, who="member")
def changes(request: Request) -> object:
    return wire.TierChanges.of(standing.history(members_wiring.members_in(wiring.store()), request.session.member_id))


@door.get(DAYS, takes=wire.MonthQuery, gives=wire.MonthOut, who="member")
def month(request: Request, query: wire.MonthQuery) -> object:
    return wire.MonthOut.of(members_wiring.desk_at(wiring.points_of, request), query, request.now)


@door.post(DAYS, gives=wire.CheckInOut, who="member")
def check_in(request: Request) -> object:
    return wire.CheckInOut.of(check_ins.check_in(members_wiring.desk_at(wiring.points_of, request), request.now))


@door.post(f"{DAYS}/make-ups", takes=wire.MakeUpRequest, gives=wire.CheckInOut, who="member", problems=wire.MAKING_UP)
def make_up(request: Request, body: wire.MakeUpRequest) -> object:
    desk = members_wiring.desk_at(wiring.points_of, request)
    return wire.CheckInOut.of(make_ups.make_up(desk, body.date, request.now))
