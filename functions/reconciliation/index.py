"""What a day's bill of a provider and our books say of each other; and bills that come as files."""

from twinshore import wiring
from twinshore.reconciliation import report, wire
from twinshore.reconciliation.reconcile import reconcile
from twinshore.web import Door, Request

PATH = "/v1/reconciliation/{provider}/{day}"
door = Door("reconciliation", wiring)
main_handler = door


@door.get(PATH, gives=wire.DayOut, who="service", problems=wire.READING)
def show(request: Request) -> object:
    name, day = request.params["provider"], report.day_in(request.params["day"])
    return wire.DayOut(**report.told(wiring.store(), name, day))


@door.post(PATH, takes=wire.BillIn, gives=wire.DayOut, who="service", body_limit_bytes=wire.BODY_LIMIT_BYTES,
           problems=wire.HANDING_IN, from_provider=True)  # fmt: skip
def hand_in(request: Request, body: wire.BillIn) -> object:
    name, day = request.params["provider"], report.day_in(request.params["day"])
    reconcile(wiring.store(), wiring.bill_from_file(name, body.csv), day, request.now)
    return wire.DayOut(**report.told(wiring.store(), name, day))
