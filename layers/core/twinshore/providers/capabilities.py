"""What a provider can do, said once per provider: the rooms and the feature matrix of the docs read it."""

from typing import NamedTuple


class Capabilities(NamedTuple):
    name: str
    """The folder's name, which is also the last part of the webhook's path."""
    methods: tuple[str, ...]
    """Ways to pay that a market may list."""
    currencies: tuple[str, ...]
    """Empty: every currency that the provider's amount table can carry."""
    client: str
    """What Started.client is for."""
    tells_failure: bool
    """False: a failed or closed payment sends no notice, so it must be asked for."""
    part_refunds: bool
    refund_days: int
    """How long after the capture a refund is taken."""
    acknowledge_within_seconds: int
    retries_for_seconds: int
    """How long an unacknowledged notice keeps coming: duplicates must be known for longer."""
    signature_covers_body: bool
    """False: fetch the object before money state moves."""
    payer_needs: tuple[str, ...] = ()
    """Fields of `payments.port.Payer` without which it cannot be paid this way, e.g. "wechat_openid"."""
    payer_takes: tuple[str, ...] = ()
    """Fields of `Payer` that it also wants to know: "client_ip", "country". Nobody else is told an address."""
    we_capture: bool = False
    """True: an approved payment is AUTHORISED until we call `capture`."""
    hosts: tuple[str, ...] = ()
    """Where its client calls go, production and sandbox: no other host is ever spoken to."""
    bill_zone: str = "UTC"
    """The time zone in which its bills count days, by its IANA name."""
    disputes: bool = False
    """Whether it tells of a payer who has gone to the bank, and how that ends."""
    signs_time: bool = True
    """False: an old notice cannot be told from a new one; it is old news, which the state machine knows."""
    tells_refunds: bool = True
    """False: no notice says what was refunded: the refund's own answer, or asking again, is all there is."""
    query_tells_refunds: bool = True
    """False: asking does not tell how much was refunded, if anything."""
    query_finds_payment: bool = True
    """False: only its notice says that a payment is made; asking tells of what is over without one."""
