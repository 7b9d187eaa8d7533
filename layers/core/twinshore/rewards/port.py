"""What the room needs of partners and of whoever keeps secrets."""

from __future__ import annotations

from typing import Mapping, NamedTuple, Protocol


class PartnerSilent(Exception):
    """No answer, or none that can be believed: what was asked for may have happened. Ask again."""


class Code(NamedTuple):
    """One voucher of a partner's, to be given to one member."""

    serial: str
    """Public: what partner and we call it. Unique at the partner."""
    code: str
    """Secret: what the member shows."""
    expires_at: int
    """Seconds since the epoch."""


class Batch(NamedTuple):
    reward: str
    region: str
    codes: tuple[Code, ...]


class Use(NamedTuple):
    serial: str
    used_at: int


class Notice(NamedTuple):
    """What a partner told, or a page of what it was asked."""

    batches: tuple[Batch, ...] = ()
    uses: tuple[Use, ...] = ()
    voided: tuple[str, ...] = ()
    """Serials that the partner has struck out by itself."""
    next: str = ""
    """Where the next page begins; "" or the same as before: there is no more now."""


VOIDED, ALREADY_USED = "void", "used"
OPEN = "open"


class Partner(Protocol):
    """One partner's system."""

    def read(self, headers: Mapping[str, str], body: bytes, now: int) -> Notice:
        """Verify and read what the partner has pushed. Raises PartnerSignatureRefused, CodesRefused."""

    def news(self, after: str) -> Notice:
        """Codes issued to us and vouchers used since `after`. Raises PartnerSilent."""

    def statuses(self, after: str) -> tuple[Mapping[str, str], str]:
        """Serial -> OPEN, ALREADY_USED or VOIDED, as the partner has it, and where the next page begins ("" at the
        end). Raises PartnerSilent."""

    def void(self, serial: str) -> str:
        """Strike out an unused voucher: VOIDED, however often; ALREADY_USED if it is too late. Raises PartnerSilent."""


class Seals(Protocol):
    """Seals codes at rest. `bound_to` is what they belong to: a sealed text opens nowhere else."""

    def seal(self, text: str, bound_to: str) -> str: ...

    def open(self, sealed: str, bound_to: str) -> str: ...
