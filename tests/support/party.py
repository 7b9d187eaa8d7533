"""What a scenario must be told of a payment provider: how its payers behave, and how to read its twin's book."""

from __future__ import annotations

from typing import Any, Callable, Mapping, NamedTuple

from twinshore.providers.capabilities import Capabilities
from twinshore.providers.choice import capabilities_of

OPENED, WON, LOST = "opened", "won", "lost"
PRICE = 999_990
"""Minor units of any currency: enough for points everywhere, and no whole number of them."""


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
    more_currencies: tuple[str, ...] = ()
    """In which it has a scale of its own, or a part has no whole third: refunded as well."""
    price: int = PRICE
    """What an order costs, in minor units; two thirds and one third of it are whole in the provider's scale."""
    beside: bool = False
    """It is another method of a provider that has a column of its own."""

    @property
    def title(self) -> str:
        """Of its column in the matrix."""
        return f"{self.name} {self.method} {self.currency}" if self.beside else self.name

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

    def by(self, method: str, cell: str, currency: str, **more: Any) -> Party:
        """The same provider, paid by another method."""
        changes = {"elsewhere": "", "market": "", **more}
        return self._replace(method=method, cell=cell, currency=currency, beside=True, **changes)

    def method_for(self, currency: str) -> str:
        return self.method if currency == self.currency else self.elsewhere or self.method
