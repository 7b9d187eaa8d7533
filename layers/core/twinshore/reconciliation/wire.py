"""What the reconciliation door takes and gives."""

from __future__ import annotations

from twinshore.models import BaseModel, ConfigDict, Field
from twinshore.money_wire import Amount
from twinshore.payments.port import OutcomeUnknown, ProviderRefused
from twinshore.reconciliation.csv_bill import TEXT_LIMIT_CHARACTERS
from twinshore.reconciliation.port import BillDamaged, BillTooLarge
from twinshore.reconciliation.report import DayNotReconciled, NotADay
from twinshore.reconciliation.report_words import LINES

READING = (DayNotReconciled, NotADay)
READING_ALL = (NotADay,)
HANDING_IN = (NotADay, BillDamaged, BillTooLarge, ProviderRefused, OutcomeUnknown)
BODY_LIMIT_BYTES = 5_000_000
KINDS = ", ".join(LINES) + " (what the provider keeps of the lines)"


class BillIn(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    csv: str = Field(max_length=TEXT_LIMIT_CHARACTERS, description="the common form, see docs/reconciliation.md")


class Side(BaseModel):
    lines: int
    sum: Amount


class Total(BaseModel):
    kind: str = Field(description=KINDS)
    currency: str
    bill: Side
    books: Side | None = Field(default=None, description="only for what our books add up by the same day")


class DifferenceOut(BaseModel):
    kind: str
    what: str = Field(description="the kind in words, in the language that was asked for")
    line: str = Field(description="the kind of the line, as in `totals`")
    name: str = Field(description="our reference of the payment or refund, or the provider's id where there is none")
    reference: str
    provider_id: str
    action: str = Field(description="person, ask_provider, wait_a_day, check_bank, book or nothing")
    state: str = Field(description="open, settled, or noted: nothing is wrong, it is told for the accounts")
    outcome: str
    advice: str
    bill: Amount | None = None
    books: Amount | None = None
    our_day: str | None = None
    occurred_at: str | None = None
    found_at: str | None = None
    settled_at: str | None = None


class DayFacts(BaseModel):
    provider: str
    day: str
    compared_at: str
    matched: int
    open: int
    not_kept: int
    totals: list[Total]
    differences: list[DifferenceOut] = Field(description="open ones first, the most urgent before the others")


class ReconciledDay(DayFacts):
    report: str = Field(description="Markdown, for a person; the whole answer with Accept: text/markdown or text/html")


class NotCompared(BaseModel):
    model_config = ConfigDict(extra="forbid")

    provider: str
    day: str


class ReconciledDays(BaseModel):
    day: str
    providers: list[DayFacts | NotCompared]
    report: str = Field(description="Markdown, for a person; the whole answer with Accept: text/markdown or text/html")
