"""Cells: what one cell says to another, signed."""

from twinshore import intercell_wiring, wiring
from twinshore.intercell.receiving import PROBLEMS, receive
from twinshore.web import Door, Request, Response

door = Door("cells", wiring)
main_handler = door


@door.post("/cells/v1/{message}", problems=PROBLEMS)
def hear(request: Request) -> Response:
    """A signed message of the closed table (RFC 9421, Ed25519); its answer is signed too: docs/cell-to-cell.md"""
    store = wiring.store()
    return receive(request, intercell_wiring.handlers(store), intercell_wiring.desk(store))
