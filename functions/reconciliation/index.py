"""What a day's bill of a provider and our books say of each other; and bills that come as files."""

from twinshore import wiring
from twinshore.reconciliation import answering, wire
from twinshore.reconciliation.reconcile import reconcile
from twinshore.reconciliation.report import day_in
from twinshore.web import Door, Request, Response

PATH = "/v1/reconciliation/{provider}/{day}"
door = Door("reconciliation", wiring)
main_handler = door


@door.get("/v1/reconciliation/{day}", gives=wire.ReconciledDays, who="service", problems=wire.READING_ALL)
def show_all(request: Request) -> object:
    names = wiring.cells().providers_in(wiring.cell().name)
    day = day_in(request.params["day"])
    told = answering.told_of_all(wiring.store(), names, day, request.language)
    document = answering.shown(told, request.headers.get("accept", ""), request.language)
    return Response(200, *document) if document else wire.ReconciledDays(**told)


@door.get(PATH, gives=wire.ReconciledDay, who="service", problems=wire.READING)
def show(request: Request) -> object:
    name, day = request.params["provider"], day_in(request.params["day"])
    told = answering.told(wiring.store(), name, day, request.language)
    document = answering.shown(told, request.headers.get("accept", ""), request.language)
    return Response(200, *document) if document else wire.ReconciledDay(**told)


@door.post(PATH, takes=wire.BillIn, gives=wire.ReconciledDay, who="service", body_limit_bytes=wire.BODY_LIMIT_BYTES,
           problems=wire.HANDING_IN, from_provider=True)  # fmt: skip
def hand_in(request: Request, body: wire.BillIn) -> object:
    name, day = request.params["provider"], day_in(request.params["day"])
    reconcile(wiring.store(), wiring.bill_from_file(name, body.csv), day, request.now)
    return wire.ReconciledDay(**answering.told(wiring.store(), name, day, request.language))
