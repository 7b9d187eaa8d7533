"""Orders, and money in and back."""

from twinshore import wiring
from twinshore.fx.quote import Holder
from twinshore.idempotency import run_once
from twinshore.payments import orders, polling, problems, refunding, starting, wire
from twinshore.payments.order import load_own
from twinshore.web import Door, Request

door = Door("payments", wiring)
main_handler = door
DO = {"who": "member", "idempotent": True, "status": 201}


@door.post("/v1/orders", takes=wire.OrderRequest, gives=wire.OrderView, problems=problems.OPENING, **DO)
def place(request: Request, body: wire.OrderRequest) -> object:
    buyer = Holder(request.session.cell, request.session.member_id)
    new = body.new_order(request.idempotency)
    return wire.OrderView(**orders.open_order(wiring.store(), wiring.sessions(), buyer, new, request.now))


@door.get("/v1/orders/{id}", takes=wire.OrderQuery, gives=wire.OrderView, who="member", problems=problems.READING)
def show(request: Request, query: wire.OrderQuery) -> object:
    order = load_own(wiring.store(), request.params["id"], request.session.member_id)
    if query.refresh:
        order = polling.refresh(wiring.store(), wiring.payment_provider, order, request.now)
    return wire.OrderView(**orders.shown(order, request.now))


@door.post("/v1/orders/{id}/payments", takes=wire.PaymentRequest, gives=wire.PaymentView, problems=problems.PAYING, **DO)
def pay(request: Request, body: wire.PaymentRequest) -> object:
    store, now = wiring.store(), request.now
    wish = starting.Wish(request.params["id"], request.session.member_id, body.method)
    started = run_once(store, request.idempotency, wish.member_id, now,
                       lambda: starting.start_payment(store, wiring.tills(), wish, now))  # fmt: skip
    return wire.PaymentView(**started)


@door.post("/v1/orders/{id}/refunds", takes=wire.RefundRequest, gives=wire.RefundView, problems=problems.REFUNDING, **DO)
def refund(request: Request, body: wire.RefundRequest) -> object:
    store, now, who = wiring.store(), request.now, request.session.member_id
    wish = refunding.RefundWish(request.params["id"], who, body.amount_minor, request.idempotency, body.reason)
    promised = run_once(store, request.idempotency, who, now,
                        lambda: refunding.refund_order(store, wiring.tills(), wish, now))  # fmt: skip
    return wire.RefundView(**promised)
