"""The outside parties of the box: which twins there are, what accounts our cells have with them, and in which secrets.

Accounts are invented at the first start and kept, so that twins and cells still know each other after a restart.
"""

from __future__ import annotations

from pathlib import Path
from typing import Callable, NamedTuple

from sandbox.ports import PortPlan
from sandbox.twins.server import Twin

PARTIES = ("ecb",)
"""In the order of their ports."""


class Accounts(NamedTuple):
    """What the parties issued to us."""

    @classmethod
    def kept_in(cls, folder: Path) -> "Accounts":
        return cls()


def start_twins(accounts: Accounts, folder: Path, ports: PortPlan) -> dict[str, Twin]:
    makers = _makers(accounts)
    return {name: makers[name](folder / name, port).start() for name, port in ports.twins.items()}


def _makers(accounts: Accounts) -> dict[str, Callable[[Path, int], Twin]]:
    from sandbox.twins.ecb import EcbTwin

    return {"ecb": EcbTwin}


def secrets_for(cell: str, accounts: Accounts) -> dict[str, str]:
    return {}


def settings_for(cell: str) -> dict[str, str]:
    """Environment variables of a cell beyond those that every cell has."""
    return {}
