"""What the reconciliation door takes and gives."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from twinshore.money_wire import Amount
from twinshore.payments.port import OutcomeUnknown, ProviderRefused
from twinshore.reconciliation.csv_bill import TEXT_LIMIT_CHARACTERS
from twinshore.reconciliation.port import BillDamaged, BillTooLarge
from twinshore.reconciliation.report import DayNotReconciled, NotADay

READING = (DayNotReconciled, NotADay)
HANDING_IN = (NotADay, BillDamaged, BillTooLarge, ProviderRefused, OutcomeUnknown)
BODY_LIMIT_BYTES = 5_000_000


class BillIn(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    csv: str = Field(max_length=TEXT_LIMIT_CHARACTERS, description="the common form, see docs/reconciliation.md")


class Side(BaseModel):
    lines: int
    sum: Amount


class Total(BaseModel):
    kind: str = Field(description="payment, refund, refund_undone or fee")
    currency: str
    bill: Side
    books: Side


class DifferenceOut(BaseModel):
    kind: str
    line: str = Field(description="payment, refund or refund_undone")
    name: str = Field(description="our reference of the payment or refund, or the provider's id where there is none")
    reference: str
    provider_id: str
    action: str = Field(description="ask_provider, wait_a_day, person or nothing")
    state: str = Field(description="open or settled")
    outcome: str
    advice: str
    bill: Amount | None = None
    books: Amount | None = None
    our_day: str | None = None
    occurred_at: str | None = None
    found_at: str | None = None
    settled_at: str | None = None


class DayOut(BaseModel):
    provider: str
    day: str
    compared_at: str
    matched: int
    open: int
    not_kept: int
    totals: list[Total]
    differences: list[DifferenceOut]
    report: str = Field(description="Markdown, for a person")
