"""A merchant's account at Checkout.com, as the client needs it."""

from typing import NamedTuple


class Account(NamedTuple):
    secret_key: str
    webhook_keys: tuple[str, ...]
    processing_channel_id: str = ""
