"""Who we are at Adyen. A record on a callback's way up: without the text annotations, which cost it 3 ms."""

from typing import NamedTuple


class Account(NamedTuple):
    """hmac_keys: every live one, decoded. automatic: Adyen captures what it authorises, at once; else we do."""

    api_key: str
    merchant_account: str
    hmac_keys: tuple[bytes, ...]
    automatic: bool
