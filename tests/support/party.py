"""What a scenario must be told of a payment provider: how its payers behave, and how to read its twin's book."""

from __future__ import annotations

from typing import Any, Callable, Mapping, NamedTuple

from twinshore.providers.capabilities import Capabilities
from twinshore.providers.choice import capabilities_of

OPENED, WON, LOST = "opened", "won", "lost"


class Act(NamedTuple):
    """One call to a twin's control: `POST /_twin/<path>`."""

    path: str
    content: dict[str, Any]


class Party(NamedTuple):
    name: str
    cell: str
    twin: Callable[..., Any]
    method: str
    currency: str
    taken: Callable[[Any], int]
    """The twin's book -> how many payments have taken money."""
    returned: Callable[[Any], int]
    """The twin's book -> how many refunds have given it back."""
    declines: Mapping[str, Any] | None = None
    """Beside the client's parameters, what declines a payment; None: a payer who does not pay is never heard of."""
    comes_back: bool = False
    """The payer's browser must come back before there is anything to hear of."""
    dispute: Callable[[Any, str, str], Act] | None = None
    """(the twin's book, our reference, OPENED, WON or LOST) -> what the payer's bank does."""
    dispute_ends: tuple[str, ...] = (WON, LOST)
    """The ends that are told."""
    market: str = ""
    elsewhere: str = ""
    """The method for other currencies, where `method` has one only."""

    @property
    def can(self) -> Capabilities:
        return capabilities_of(self.name)

    def takes(self, currency: str) -> bool:
        return not self.can.currencies or currency in self.can.currencies

    @property
    def currency_without_decimals(self) -> str:
        return next((currency for currency in ("JPY", "CLP") if self.takes(currency)), "JPY")

    @property
    def currency_with_three_decimals(self) -> str:
        return "KWD"

    def method_for(self, currency: str) -> str:
        return self.method if currency == self.currency else self.elsewhere or self.method
