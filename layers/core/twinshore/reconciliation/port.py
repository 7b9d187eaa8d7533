"""The Bills port: what a payment provider says has moved on one day, and what may be wrong with its bill."""

from typing import Iterator, NamedTuple, Protocol

from twinshore.errors import Problem, Unavailable
from twinshore.money import Money

PAYMENT = "payment"
REFUND = "refund"
REFUND_UNDONE = "refund_undone"
"""A refund whose money came back to us (the payer's bank did not take it)."""

DISPUTE = "dispute"
"""Taken from us because the payer has gone to the bank."""
DISPUTE_REVERSAL = "dispute_reversal"
"""Given back because we won."""
DISPUTES = (DISPUTE, DISPUTE_REVERSAL)

# Movements of our account at the party that are no order's; their amounts have a sign: below zero it left the account.
PAYOUT = "payout"
PAYOUT_RETURNED = "payout_returned"
ACCOUNT_FEE = "account_fee"
RESERVE = "reserve"
OTHER_MOVEMENT = "other_movement"
ACCOUNT = (PAYOUT, PAYOUT_RETURNED, ACCOUNT_FEE, RESERVE, OTHER_MOVEMENT)

LINES_LIMIT = 100_000
"""Of one part of a bill, and of our day-book's shard that it meets: both are held in memory, 55 MB together."""


class BillLine(NamedTuple):
    """One movement of money, as the provider's bill has it."""

    reference: str
    """Ours, of the attempt; whatever the bill says for a payment that is not ours, "" if it says nothing."""
    provider_id: str
    """The party's own id of the payment."""
    kind: str
    amount: Money
    """What the payer paid or got back, before fees; above zero, but for movements of the account."""
    refund_reference: str = ""
    """Ours, for refunds that we asked for."""
    occurred_at: int = 0
    """Seconds since the epoch; 0 where the bill does not say."""
    fee: Money | None = None
    """What the provider keeps, in the currency in which it keeps it; below zero where it gives a fee back."""
    line_id: str = ""
    """The party's own id of this movement (e.g. of the refund)."""
    pending: bool = False
    """The bill names it, but the money has not moved yet."""

    @property
    def name(self) -> str:
        """Unique among the lines of its kind: our reference, or the party's id where there is none."""
        if self.kind == PAYMENT:
            return self.reference or self.provider_id
        return self.refund_reference or self.line_id or f"{self.reference}.{self.provider_id}"


class BillNotReady(Unavailable):
    slug = "bill-not-ready"
    title_en = "The provider's bill is not there yet"
    title_zh = "支付渠道的账单尚未生成"


class BillNotDue(BillNotReady):
    """Its time has not come, so nobody was asked: the next run of the job finds it. No fault of anybody's."""

    slug = "bill-not-due"
    title_en = "The provider makes this bill later"
    title_zh = "尚未到账单生成时间"


class BillDamaged(Problem):
    """Cut short, altered, or of another form than its source documents: half a bill is not compared with anything."""

    status = 502
    slug = "bill-damaged"
    title_en = "The provider's bill is not whole"
    title_zh = "支付渠道的账单不完整"


class BillTooLarge(Problem):
    """More than one run can hold: split it, or read it from the provider's own report."""

    status = 502
    slug = "bill-too-large"
    title_en = "The provider's bill is larger than one run can compare"
    title_zh = "账单超过单次对账的上限"


class Bills(Protocol):
    """Where a provider's bills come from.

    `authentic`: the party itself gave it to us (signed, or fetched from it): what it says of a refund or a dispute may
    be applied. `tells_disputes`: it has lines for disputes, so that one of ours that it lacks is missing there.
    """

    authentic: bool
    tells_disputes: bool

    def mark(self, day: str, now: int) -> str:
        """Another when the party has corrected the bill since; "" where it corrects none. Raises as `lines`."""

    def lines(self, day: str, now: int) -> Iterator[BillLine]:
        """Every line of `day` (YYYY-MM-DD in the party's own time zone), once the bill is known to be whole; or an
        error on the way: who compares waits for the end. Raises BillNotDue, BillNotReady, BillDamaged, BillTooLarge,
        and what a PaymentProvider raises."""
