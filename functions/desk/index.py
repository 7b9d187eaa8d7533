"""What the house's own services say of orders: paid at the door, paid out by hand, accepted after a look."""

from twinshore import wiring
from twinshore.payments import desk, flags, holding, resolving, wire
from twinshore.payments.problems import ACCEPTING, DELIVERING, PAYING_OUT, RESOLVING
from twinshore.web import Door, Request

main_handler = door = Door("desk", wiring)
SAY = {"who": "service", "gives": wire.OrderView}


@door.post("/v1/desk/orders/{id}/deliveries", takes=wire.DeliveryRequest, problems=DELIVERING, **SAY)
def deliver(request: Request, body: wire.DeliveryRequest) -> object:
    delivery = body.delivery(request.params["id"])
    return wire.OrderView(**desk.report_delivery(wiring.store(), delivery, request.now))


@door.post("/v1/desk/orders/{id}/refunds/{reference}", takes=wire.PayoutRequest, problems=PAYING_OUT, **SAY)
def pay_out(request: Request, body: wire.PayoutRequest) -> object:
    payout = desk.Payout(request.params["id"], request.params["reference"], body.paid)
    return wire.OrderView(**desk.report_refund(wiring.store(), payout, request.now))


@door.post("/v1/desk/orders/{id}/acceptance", problems=ACCEPTING, **SAY)
def accept(request: Request) -> object:
    order_id, by = request.params["id"], request.session.member_id
    return wire.OrderView(**holding.accept(wiring.store(), order_id, by, request.now))


@door.get("/v1/flags", takes=wire.FlagsQuery, gives=wire.FlagsView, who="service")
def show_flags(request: Request, query: wire.FlagsQuery) -> object:
    return wire.FlagsView(**flags.listed(wiring.store(), query.wanted()))


@door.post("/v1/flags/{id}/resolutions", takes=wire.ResolutionRequest, gives=wire.FlagView, problems=RESOLVING,
           who="service")  # fmt: skip
def resolve(request: Request, body: wire.ResolutionRequest) -> object:
    decision = body.decision(request.params["id"], request.session.member_id)
    return wire.FlagView(**resolving.resolve(wiring.store(), wiring.tills(), decision, request.now))
