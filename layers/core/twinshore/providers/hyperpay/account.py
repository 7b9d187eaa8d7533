"""A merchant's account at HyperPay, as the client needs it."""

from typing import NamedTuple


class Account(NamedTuple):
    access_token: str
    entity_ids: dict[str, str]
    """By method: mada has an entity of its own."""
    webhook_keys: tuple[str, ...]
    takes_test: bool = False
    """Whether a success of the test mode counts."""
