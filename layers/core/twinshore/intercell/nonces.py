"""Which messages have been heard: a nonce is taken once."""

import os
from base64 import urlsafe_b64encode

from twinshore.errors import Conflict
from twinshore.intercell.signatures import WINDOW_SECONDS
from twinshore.store.port import CommitConflict, Create, Key, Store

_NONCE_BYTES = 18
_KEPT_SECONDS = 3 * WINDOW_SECONDS
"""From now on. A message is accepted for at most twice the window, by a clock that may be a little off the store's."""


class MessageReplayed(Conflict):
    slug = "cell-message-replayed"
    title_en = "This very message has been heard before"
    title_zh = "该消息已接收过"


def new_nonce() -> str:
    """144 random bits, 24 characters."""
    return urlsafe_b64encode(os.urandom(_NONCE_BYTES)).decode("ascii")


def take(store: Store, sender: str, nonce: str, now: int) -> None:
    """Only for a message whose signature holds: strangers fill no store. Raises MessageReplayed, StoreUnavailable."""
    key = Key(f"cell-nonce#{sender}#{nonce}", "nonce")
    try:
        store.commit(Create(key, {"heard_at": now}, expires_at=now + _KEPT_SECONDS))
    except CommitConflict:
        raise MessageReplayed("ask again with a new nonce") from None
