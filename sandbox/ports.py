"""Which port is whose, and the one line that is said when one is taken.

`TWINSHORE_PORT` (8800) is the page; the cells follow in the order of the cells file, the twins begin at +11.
"""

from __future__ import annotations

import os
import socket
from typing import NamedTuple, Sequence

HOST = "127.0.0.1"
DEFAULT_BASE = 8800
FIRST_TWIN = 11
HIGHEST_BASE = 65000


class PortPlan(NamedTuple):
    page: int
    cells: dict[str, int]
    twins: dict[str, int]

    def url(self, port: int) -> str:
        return f"http://{HOST}:{port}"


class PortTaken(Exception):
    """`str(err)` is the line for the terminal: which port, and how to move."""


def base_port(environ: dict[str, str] | None = None) -> int:
    """Raises PortTaken for a value that is no port: the same line tells how to set it."""
    text = (environ if environ is not None else dict(os.environ)).get("TWINSHORE_PORT", str(DEFAULT_BASE))
    if not text.isascii() or not text.isdigit() or not 1024 <= int(text) <= HIGHEST_BASE:
        raise PortTaken(f"TWINSHORE_PORT must be a number from 1024 to {HIGHEST_BASE}, not {text!r}.")
    return int(text)


def plan(base: int, cells: Sequence[str], twins: Sequence[str]) -> PortPlan:
    if len(cells) >= FIRST_TWIN:
        raise ValueError(f"at most {FIRST_TWIN - 1} cells fit between the page's port and the twins'")
    return PortPlan(
        base,
        {name: base + 1 + place for place, name in enumerate(cells)},
        {name: base + FIRST_TWIN + place for place, name in enumerate(twins)},
    )


def require_free(ports: PortPlan) -> None:
    """Raises PortTaken for the first port that another process listens on."""
    named = {ports.page: "the page", **{port: f"cell {name}" for name, port in ports.cells.items()}}
    named.update({port: f"twin {name}" for name, port in ports.twins.items()})
    for port, whose in sorted(named.items()):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError as err:
                raise PortTaken(
                    f"Port {port} ({whose}) is taken. Set TWINSHORE_PORT to move the whole box,"
                    f" for example: TWINSHORE_PORT={_elsewhere(ports.page)} make run"
                ) from err


def _elsewhere(base: int) -> int:
    return base + 100 if base + 100 <= HIGHEST_BASE else DEFAULT_BASE
