"""The PaymentProvider port: what the payments room needs of one outside party.

A provider is a folder under `providers/` with its capabilities, status table, signing and client. It translates; it
decides nothing. Unknown is pending: a word that is not in its table maps to PENDING.
"""

from typing import Any, Mapping, NamedTuple, Protocol

from twinshore.errors import Problem, Unavailable
from twinshore.money import Money

# What a provider says of one payment attempt. Plain text constants: they are stored and compared.
CREATED = "created"
PENDING = "pending"
AUTHORISED = "authorised"
"""The payer has agreed and the money is set aside: it is ours only after `capture`."""
CAPTURED = "captured"
FAILED = "failed"
CLOSED = "closed"
PART_REFUNDED = "part_refunded"
REFUNDED = "refunded"
DISPUTED = "disputed"
DISPUTE_WON = "dispute_won"
DISPUTE_LOST = "dispute_lost"


class Payer(NamedTuple):
    """What a provider may need to know of the payer. `wechat_openid` belongs to the same appid as the payment."""

    wechat_openid: str = ""
    client_ip: str = ""
    country: str = ""
    """ISO 3166-1 alpha-2, of the payer's market."""
    language: str = "en"


class Attempt(NamedTuple):
    """One try to pay an order by one method. `reference` is ours, unique, 6 to 32 of [A-Za-z0-9_-]: the provider's
    idempotency key, so the same attempt sent twice makes one payment."""

    reference: str
    order_id: str
    amount: Money
    description: str
    """At most 127 characters of UTF-8."""
    notify_url: str
    payer: Payer
    expires_at: int
    """Seconds since the epoch."""
    method: str = ""
    """The name of the method in the cells file, for providers that carry several."""
    return_url: str = ""
    """Where the payer's browser comes back to, for providers that send it away. https, no query."""


class Started(NamedTuple):
    """`client` goes to the payer's device as it is (JSON, e.g. the parameters of wx.requestPayment, or Stripe's
    client_secret); `provider_id` is the party's own id of the payment, or "" when it has none yet."""

    provider_id: str
    client: dict[str, Any]


class Notice(NamedTuple):
    """What a verified webhook, or a fetched object, says of one payment."""

    id: str
    """The provider's event id; for a fetched object one derived from its content."""
    reference: str
    """Our Attempt.reference; "" if the notice names none (then `provider_id` leads)."""
    provider_id: str
    state: str
    """One of this module's constants."""
    amount: Money | None
    """What was captured, or for refunds the total refunded so far; None where the party does not say."""
    occurred_at: int
    """When `state` came about (the last refund, for refunds), by the provider's signed or fetched content, in seconds
    since the epoch; 0 where it does not say."""
    refund_reference: str = ""
    refund_state: str = ""
    """For refund notices: our reference of the refund, and PENDING, REFUNDED or FAILED."""
    captured: Money | None = None
    """What was taken in the first place, where the party says it beside a refund or a dispute: it is news of the
    capture as well, for those who have not heard of it. With it, an `amount` of None says that the party does not tell
    how much went back."""
    captured_at: int = 0
    """As `occurred_at`, of the capture."""
    undone: bool = False
    """With FAILED: a capture that was told of came to nothing. Without it, FAILED beside a capture is the late
    word of an earlier try."""
    awaits_notice: bool = False
    """With PENDING: the party says that it was paid, and only its own notice says how much and whether it holds."""


class SignatureRefused(Problem):
    """The webhook is not shown to come from the provider: 401, nothing stored, nothing said of why."""

    status = 401
    slug = "signature-refused"
    title_en = "The signature is not valid"
    title_zh = "签名无效"


class ProviderRefused(Problem):
    """The provider said no to this request, for good: another try with the same content will fare no better.

    `reason` is a word of ours from the provider's error table, never the provider's text.
    """

    status = 422
    slug = "payment-refused"
    title_en = "The payment provider refused"
    title_zh = "支付渠道拒绝了该请求"


class OutcomeUnknown(Unavailable):
    """5xx, HTML, reset or time-out: it may have been carried out. Query later; never success, never failure."""

    slug = "payment-outcome-unknown"
    title_en = "The payment provider did not answer clearly"
    title_zh = "支付渠道未明确应答"


class Acknowledgement(NamedTuple):
    """How the provider wants to hear that a webhook is kept: status, body, content type."""

    status: int
    body: bytes
    content_type: str


class PaymentProvider(Protocol):
    """Each call ends within its own time limit (5 s). Any may raise Unavailable (surely not delivered)."""

    def create(self, attempt: Attempt, now: int) -> Started:
        """Same attempt again: the same payment. Raises ProviderRefused, OutcomeUnknown; InexactAmount
        for more decimals than the party takes."""

    def query(self, reference: str, provider_id: str, now: int) -> Notice:
        """The present state; a payment that the party has never heard of is CREATED. Raises OutcomeUnknown."""

    def close(self, reference: str, provider_id: str, now: int) -> None:
        """No further payer can pay this attempt. Raises ProviderRefused if it is paid, OutcomeUnknown."""

    def refund(
        self, reference: str, provider_id: str, refund_reference: str, amount: Money, total: Money, now: int
    ) -> str:
        """PENDING, REFUNDED or FAILED; same `refund_reference` again: the same refund. Raises as `create`."""

    def capture(self, reference: str, provider_id: str, returned: Mapping[str, str], amount: Money, now: int) -> Notice:
        """Take the money of a payment that the payer has approved; once, however often it is called.

        `returned`: the query that the payer's browser brought back to `return_url`, {} if it brought none.
        Providers that capture by themselves answer as `query` does. Raises ProviderRefused, OutcomeUnknown."""

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: int) -> tuple[list[Notice], Acknowledgement]:
        """Verify over the raw bytes, then translate; no network. Header names are lower case; a parameter of the
        webhook's query stands among them as `?name`.
        Genuine news that does not concern payments gives no notices. Raises SignatureRefused; BadRequest for a
        genuine body that cannot be read."""
