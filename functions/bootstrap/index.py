"""Start: market, cells and methods for a newcomer; health; the OpenAPI document of every route."""

from pathlib import Path

import twinshore
from twinshore import wiring
from twinshore.bootstrap.countries import country_of_ip, country_of_phone
from twinshore.bootstrap.market import Clues, PhoneNotPossible, bootstrap
from twinshore.bootstrap.wire import Bootstrap, BootstrapQuery, Health
from twinshore.web import Door, Request, Response

door = Door("bootstrap", wiring)
main_handler = door


@door.get("/v1/bootstrap", takes=BootstrapQuery, gives=Bootstrap, problems=(PhoneNotPossible,))
def start(request: Request, query: BootstrapQuery) -> object:
    clues = Clues(
        query.phone, query.country, query.last_market, request.client_ip, request.headers.get("accept-language", "")
    )
    return bootstrap(wiring.cells(), clues, country_of_ip, country_of_phone, request.language)


@door.get("/v1/health", gives=Health)
def health(_: Request) -> object:
    cell = wiring.cell()
    return {"status": "ok", "cell": cell.name, "cloud": cell.cloud, "region": cell.region}


@door.get("/openapi.json")
def openapi(_: Request) -> object:
    return Response(200, Path(twinshore.__path__[0], "openapi.json").read_bytes())
