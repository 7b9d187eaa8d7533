"""The Secrets port: how the house asks for a key, a password, a token of its own.

An empty secret is a missing one: the door that needs it stays closed (`SecretMissing` is a 503), for an empty webhook
secret would let everyone in. Outer blanks and line ends are not part of a secret: consoles add them when one pastes.
"""

import time
from typing import Callable, NamedTuple, Protocol

from twinshore.errors import Unavailable

MAX_AGE_SECONDS = 300.0
"""How long a warm function works with a secret before it asks again: a rotated secret is in use this much later."""
STALE_LIMIT_SECONDS = 3600.0
"""How old a secret may become while the service that keeps it does not answer."""


class SecretMissing(Unavailable):
    """There is no such secret, or it is empty. The caller learns neither which one nor why; the log has `name`."""

    slug = "not-configured"
    title_en = "This is not set up yet"
    title_zh = "该功能尚未配置"

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class SecretsUnavailable(Unavailable):
    """The service that keeps the secrets did not answer, or did not let us in. `reason` is a word for the log."""

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


class Secrets(Protocol):
    def get(self, name: str) -> str:
        """`name`: lower-case letters, digits and underscores. Raises SecretMissing, SecretsUnavailable."""


class _Kept(NamedTuple):
    value: str
    read_at: float


class KeptSecrets:
    """Any way of fetching secrets, with a short memory. `clock` counts seconds and never goes back.

    When the service is down, what was read within STALE_LIMIT_SECONDS still serves: a payment callback must not fail
    because the secrets manager is restarting. A secret that was taken away is gone at once after MAX_AGE_SECONDS.
    """

    def __init__(
        self,
        fetch: Callable[[str], str],
        max_age_seconds: float = MAX_AGE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._max_age_seconds = max_age_seconds
        self._clock = clock
        self._kept: dict[str, _Kept] = {}

    def get(self, name: str) -> str:
        kept, now = self._kept.get(name), self._clock()
        if kept is not None and now - kept.read_at < self._max_age_seconds:
            return kept.value
        try:
            value = present(name, self._fetch(name))
        except SecretsUnavailable:
            if kept is not None and now - kept.read_at < STALE_LIMIT_SECONDS:
                return kept.value
            raise
        except SecretMissing:
            self._kept.pop(name, None)
            raise
        self._kept[name] = _Kept(value, now)
        return value


def present(name: str, value: object) -> str:
    """`value` without outer blanks. Raises SecretMissing if nothing is left, or if it is no text."""
    text = value.strip() if isinstance(value, str) else ""
    if not text:
        raise SecretMissing(name)
    return text
