"""What the book of a payment twin is: all that its party remembers, with the party's rules. No HTTP."""

from __future__ import annotations

from typing import Any, Protocol


class PartyRefusal(Exception):
    """What the party answers instead: each book has its own, in its party's words."""


class PartyBook(Protocol):
    def kept(self) -> dict[str, Any]:
        """Plain JSON, from which the book is opened again after a restart."""
