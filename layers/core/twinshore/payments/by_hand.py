"""Money that a person takes and counts: cash on delivery. It stands behind the same port as every provider, so that an
order paid at the door goes the same path as one paid by card; only the news comes from the house's own services."""

from __future__ import annotations

from typing import Mapping

from twinshore.money import Money
from twinshore.payments.port import PENDING, Acknowledgement, Attempt, Notice, SignatureRefused, Started

LIFE_SECONDS = 30 * 86_400
"""How long a parcel may be on its way, and come back."""


class ByHand:
    """It knows nothing and promises everything: what became of the money is said at `desk`."""

    def create(self, attempt: Attempt, now: int) -> Started:
        return Started("", {})

    def query(self, reference: str, provider_id: str, now: int) -> Notice:
        return Notice(f"query:{reference}", reference, "", PENDING, None, 0)

    def close(self, reference: str, provider_id: str, now: int) -> None:
        """Whoever carries the parcel is told by its owner."""

    def refund(
        self, reference: str, provider_id: str, refund_reference: str, amount: Money, total: Money, now: int
    ) -> str:
        return PENDING

    def capture(self, reference: str, provider_id: str, returned: Mapping[str, str], amount: Money, now: int) -> Notice:
        return self.query(reference, provider_id, now)

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: int) -> tuple[list[Notice], Acknowledgement]:
        raise SignatureRefused
