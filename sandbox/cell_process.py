"""One cell of the box, a process of its own: `python -m sandbox.cell_process '<CellPlace as JSON>'`.

Its settings come from the environment, as in a cloud. It ends when its standard input closes: the box holds the other
end, so however the box dies, no cell is left behind.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading

from sandbox.cell_gateway import CellGateway, CellPlace
from sandbox.delivery import EVENTS_DOOR, AsyncInvokes, StreamDelivery
from sandbox.doors import load_doors
from sandbox.flow import Flow
from sandbox.http_server import LocalServer
from sandbox.timers import Timers
from twinshore import wiring


def main(argument: str) -> int:
    place = CellPlace(**json.loads(argument))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the box decides what ends when
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    threading.Thread(target=_wait_for_the_box, args=(ended,), daemon=True).start()

    gateway = CellGateway(place, load_doors(), Flow())
    delivery = _delivery(gateway)
    timers = Timers(gateway)
    gateway.fire_timer = timers.fire
    server = LocalServer(place.port, gateway.answer).start()
    if delivery is not None:
        wiring.on_committed(delivery.committed)
        delivery.start()
    timers.start()
    timers.wait_for_first_round()
    gateway.is_ready = True

    ended.wait()
    server.stop()
    timers.stop()
    if delivery is not None:
        delivery.stop()
    return 0


def _delivery(gateway: CellGateway) -> StreamDelivery | AsyncInvokes | None:
    """None where there is no `events` door: events then stay in the outbox."""
    if EVENTS_DOOR not in gateway.doors:
        return None
    return StreamDelivery(gateway, wiring.store()) if gateway.place.cloud == "aws" else AsyncInvokes(gateway)


def _wait_for_the_box(ended: threading.Event) -> None:
    while os.read(0, 1024):
        pass
    ended.set()
    # A request that hangs must not keep an orphan alive.
    threading.Timer(3, os._exit, (1,)).start()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
