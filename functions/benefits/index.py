"""Benefits: what is open to a member and why, what they took, and which reasons are worth their place."""

from functools import partial

from twinshore import members_wiring, wiring
from twinshore.bootstrap.countries import country_of_ip
from twinshore.members import click_log, grants, wire
from twinshore.members.recommending import recommend
from twinshore.web import Door, Request

main_handler = door = Door("benefits", wiring)
purse = partial(members_wiring.purse_at, wiring.points_of)
person = partial(members_wiring.person_at, wiring.points_of, country_of_ip)


@door.get("/v1/benefits", takes=wire.BenefitsQuery, gives=wire.BenefitsOut, who="member", problems=wire.SHOWING)
def show(request: Request, query: wire.BenefitsQuery) -> object:
    found = recommend(asking := person(request, query.market))
    click_log.show(wiring.store(), request.session.member_id, wire.measured(found), request.now)
    return wire.BenefitsOut.of(asking.market, found)


@door.get("/v1/benefits/taken", gives=wire.GrantsOut, who="member")
def taken(request: Request) -> object:
    return wire.GrantsOut.of(grants.taken(purse(request)), request.now)


@door.post("/v1/benefits/{id}/grants", takes=wire.GrantRequest, gives=wire.GrantOut, who="member", problems=wire.TAKING)
def take(request: Request, body: wire.GrantRequest) -> object:
    return wire.GrantOut.of(grants.take(purse(request), request.params["id"], person(request, body.market)))


@door.post("/v1/benefits/{id}/clicks", who="member", status=204, problems=wire.CLICKING)
def click(request: Request) -> None:
    click_log.click(wiring.store(), request.session.member_id, request.params["id"], request.now)


@door.get("/v1/benefits/report", takes=wire.ReportQuery, gives=wire.ReportOut, who="service", problems=wire.REPORTING)
def report(_: Request, query: wire.ReportQuery) -> object:
    return wire.ReportOut.of(click_log.report(wiring.store(), query.first, query.last))
