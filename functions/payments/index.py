"""Orders, and money in and back."""

from twinshore import wiring
from twinshore.payments import capturing, methods, orders, refunding, starting, wire
from twinshore.payments.problems import OPENING, PAYING, READING, REFUNDING, RETURNING
from twinshore.web import Door, Request

main_handler = door = Door("payments", wiring)
DO, SEE = {"who": "member", "idempotent": True, "status": 201}, {"who": "member", "gives": wire.OrderView}


@door.post("/v1/orders", takes=wire.OrderRequest, gives=wire.OrderView, problems=OPENING, **DO)
def place(request: Request, body: wire.OrderRequest) -> object:
    return wire.OrderView(**orders.open_order(wiring.store(), wiring.sessions(), body.new_order(request), request.now))


@door.get("/v1/orders", takes=wire.OrdersQuery, gives=wire.OrdersView, who="member")
@door.get("/v1/orders/{id}", takes=wire.OrderQuery, problems=READING, **SEE)
def show(request: Request, query: wire.OrderQuery | wire.OrdersQuery) -> object:
    return query.seen(wiring.store(), wiring.payment_provider, request)


@door.get("/v1/orders/{id}/methods", takes=wire.MethodsQuery, gives=wire.MethodsView, who="member", problems=READING)
def offer(request: Request, query: wire.MethodsQuery) -> object:
    return wire.MethodsView(**methods.listed(wiring.store(), wiring.tills(), query.listing(request)))


@door.post("/v1/orders/{id}/payments", takes=wire.PaymentRequest, gives=wire.PaymentView, problems=PAYING, **DO)
def pay(request: Request, body: wire.PaymentRequest) -> object:
    return wire.PaymentView(**starting.start_payment(wiring.store(), wiring.tills(), body.wish(request), request.now))


@door.post("/v1/orders/{id}/payments/{reference}/return", takes=wire.ReturnRequest, problems=RETURNING, **SEE)
def come_back(request: Request, body: wire.ReturnRequest) -> object:
    return wire.OrderView(**capturing.on_return(wiring.store(), wiring.payment_provider, body.of(request), request.now))


@door.post("/v1/orders/{id}/refunds", takes=wire.RefundRequest, gives=wire.RefundView, problems=REFUNDING, **DO)
def refund(request: Request, body: wire.RefundRequest) -> object:
    return wire.RefundView(**refunding.refund_order(wiring.store(), wiring.tills(), body.wish(request), request.now))
