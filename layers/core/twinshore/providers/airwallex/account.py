"""Who we are at Airwallex. A record on a callback's way up: without the text annotations, which cost it 3 ms."""

from typing import NamedTuple


class Account(NamedTuple):
    """webhook_secrets: of the notification URL, every live one."""

    client_id: str
    api_key: str
    webhook_secrets: tuple[str, ...]
