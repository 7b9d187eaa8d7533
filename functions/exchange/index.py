"""Exchange: points of this cell become points of another, for a member who is linked."""

from twinshore import intercell_wiring, wiring
from twinshore.exchange import exchanges, exchanging, problems, quote, settlement, wire
from twinshore.web import Door, Request

main_handler = door = Door("exchange", wiring)


@door.post("/v1/points/exchanges/quotes", takes=wire.ExchangeQuoteRequest, gives=wire.ExchangeQuote, who="member",
           status=201, problems=problems.QUOTING)  # fmt: skip
def promise(request: Request, body: wire.ExchangeQuoteRequest) -> object:
    store, cells, member_id = wiring.store(), wiring.cells(), request.session.member_id
    made = quote.make_quote(store, cells, wiring.cell_name(), member_id, body.wish(), request.now)
    return wire.ExchangeQuote.of(made, quote.sign(made, wiring.sessions(), request.now))


@door.post("/v1/points/exchanges", takes=wire.ExchangeRequest, gives=wire.PointsExchange, who="member", status=201,
           idempotent=True, problems=problems.EXCHANGING)  # fmt: skip
def exchange(request: Request, body: wire.ExchangeRequest) -> object:
    wanted = exchanging.Wanted(request.session.member_id, body.quote, request.idempotency)
    done = exchanging.exchange(wiring.store(), intercell_wiring.peers(), wiring.sessions(), wanted, request.now)
    return wire.decided(wire.PointsExchange.of(done))


@door.get("/v1/points/exchanges", takes=wire.PageQuery, gives=wire.PointsExchanges, who="member")
def show_all(request: Request, query: wire.PageQuery) -> object:
    found = exchanges.exchanges_of(wiring.store(), request.session.member_id, query.limit, query.after)
    return wire.PointsExchanges.of(found)


@door.get("/v1/points/exchanges/{id}", gives=wire.PointsExchange, who="member", problems=(problems.ExchangeNotFound,))
def show(request: Request) -> object:
    whose = wiring.store(), request.session.member_id
    return wire.PointsExchange.of(exchanges.find_exchange(*whose, request.params["id"]))


@door.get("/v1/points/settlements/{cell}/{day}", gives=wire.PointsSettlement, who="service", problems=problems.REPORTS)
def settled(request: Request) -> object:
    return wire.PointsSettlement.of(settlement.report_of(wiring.store(), request.params["cell"], request.params["day"]))
