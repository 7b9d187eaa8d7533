"""Orders, and money in and back."""

from twinshore import wiring
from twinshore.fx.quote import Holder
from twinshore.payments import orders, polling, refunding, starting, wire
from twinshore.payments.order import load_own
from twinshore.payments.problems import OPENING, PAYING, READING, REFUNDING
from twinshore.web import Door, Request

door = Door("payments", wiring)
main_handler = door
DO = {"who": "member", "idempotent": True, "status": 201}


@door.post("/v1/orders", takes=wire.OrderRequest, gives=wire.OrderView, problems=OPENING, **DO)
def place(request: Request, body: wire.OrderRequest) -> object:
    buyer = Holder(request.session.cell, request.session.member_id)
    new = body.new_order(request.idempotency)
    return wire.OrderView(**orders.open_order(wiring.store(), wiring.sessions(), buyer, new, request.now))


@door.get("/v1/orders/{id}", takes=wire.OrderQuery, gives=wire.OrderView, who="member", problems=READING)
def show(request: Request, query: wire.OrderQuery) -> object:
    order = load_own(wiring.store(), request.params["id"], request.session.member_id)
    if query.refresh:
        order = polling.refresh(wiring.store(), wiring.payment_provider, order, request.now)
    return wire.OrderView(**orders.shown(order, request.now))


@door.post("/v1/orders/{id}/payments", takes=wire.PaymentRequest, gives=wire.PaymentView, problems=PAYING, **DO)
def pay(request: Request, body: wire.PaymentRequest) -> object:
    wish = starting.Wish(request.params["id"], request.session.member_id, body.method, request.idempotency)
    return wire.PaymentView(**starting.start_payment(wiring.store(), wiring.tills(), wish, request.now))


@door.post("/v1/orders/{id}/refunds", takes=wire.RefundRequest, gives=wire.RefundView, problems=REFUNDING, **DO)
def refund(request: Request, body: wire.RefundRequest) -> object:
    wish = body.wish(request.params["id"], request.session.member_id, request.idempotency)
    return wire.RefundView(**refunding.refund_order(wiring.store(), wiring.tills(), wish, request.now))
