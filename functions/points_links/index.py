"""Links: a person's memberships in two cells, joined by a code, and the receipts of what crossed between them."""

from twinshore import intercell_wiring, wiring
from twinshore.exchange import codes, linking, links, problems, receipts, wire
from twinshore.web import Door, Request

main_handler = door = Door("points_links", wiring)


@door.post("/v1/points/links", takes=wire.LinkRequest, gives=wire.LinkCode, who="member", status=201,
           problems=problems.SHOWING)  # fmt: skip
def show(request: Request, body: wire.LinkRequest) -> object:
    wanted = wiring.store(), intercell_wiring.peers(), request.session.member_id, body.cell
    return wire.LinkCode.of(codes.show_code(*wanted, request.now))


@door.post("/v1/points/links/confirmations", takes=wire.LinkConfirmation, gives=wire.PointsLink, who="member",
           status=201, idempotent=True, problems=problems.ENTERING)  # fmt: skip
def confirm(request: Request, body: wire.LinkConfirmation) -> object:
    entered = linking.Entered(request.session.member_id, body.cell, body.code, request.idempotency)
    link = linking.confirm(wiring.store(), intercell_wiring.peers(), entered, request.now)
    return wire.decided(wire.PointsLink.of(link))


@door.get("/v1/points/links", gives=wire.PointsLinks, who="member")
def show_all(request: Request) -> object:
    return wire.PointsLinks.of(links.links_of(wiring.store(), request.session.member_id))


@door.route("DELETE", "/v1/points/links/{id}", gives=wire.PointsLink, who="member", problems=(problems.LinkNotFound,))
def end(request: Request) -> object:
    whose = wiring.store(), intercell_wiring.peers(), request.session.member_id, request.params["id"]
    return wire.PointsLink.of(linking.unlink(*whose, request.now))


@door.get("/v1/points/links/{id}/receipts", takes=wire.PageQuery, gives=wire.Receipts, who="member",
          problems=(problems.LinkNotFound,))  # fmt: skip
def export(request: Request, query: wire.PageQuery) -> object:
    link, _ = links.find_link(wiring.store(), request.session.member_id, request.params["id"])
    return wire.Receipts.of(receipts.receipts_of(wiring.store(), link.id, query.limit, query.after))
