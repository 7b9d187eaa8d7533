"""Which payment twins the cells file asks for: one for each cell that a provider serves, as each legal entity has an
account, and a webhook address, of its own.

A twin is found by its provider's name: the class in `sandbox/twins/<provider>.py` that is named like it. What the file
does not name is not started, and needs no secret.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any, Container, Mapping, NamedTuple

from sandbox.twins.server import Twin

WEBHOOK_PATH = "/v1/webhooks/"


class Account(NamedTuple):
    party: str
    """The name of its twin in the box."""
    provider: str
    cell: str


def accounts_of(declared: Mapping[str, Any], cells: list[str]) -> tuple[Account, ...]:
    """`declared`: the cells file. `cells`: its cells, in the box's order: the first one that a provider serves has the
    party of the provider's own name."""
    found: dict[str, Account] = {}
    for provider in sorted({method["provider"] for method in declared["methods"].values()}):
        served = {cell for method in declared["methods"].values() if method["provider"] == provider
                  for cell in method["cells"]}  # fmt: skip
        for cell in cells:
            if cell in served and has_twin(provider):
                party = provider if provider not in found else f"{provider}_{cell}"
                found[party] = Account(party, provider, cell)
    return tuple(found.values())


def party_of(provider: str, cell: str, parties: Container[str]) -> str:
    """Whose twin a member of this cell meets."""
    own = f"{provider}_{cell}"
    return own if own in parties else provider


def has_twin(provider: str) -> bool:
    return importlib.util.find_spec(f"sandbox.twins.{provider}") is not None


def make_twin(account: Account, folder: Path | None, port: int, endpoint: str, **more: Any) -> Twin:
    """`endpoint`: of the cell, where notices go of a party that is told once and not with each payment."""
    module = importlib.import_module(f"sandbox.twins.{account.provider}")
    kinds = [kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, Twin)]
    made: Any = next(kind for kind in kinds if kind.name == account.provider)(folder, port, **more)
    made.name = account.party
    if hasattr(made, "webhook_url"):
        made.webhook_url = endpoint + WEBHOOK_PATH + account.provider
    twin: Twin = made
    return twin
