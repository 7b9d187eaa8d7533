"""Adyen's payment webhooks: each item carries its own HMAC-SHA256, base64, over eight of its fields, joined by colons.

Nothing else is covered: not `live`, `eventDate`, `reason`, `paymentMethod`, nor the number of items. No time is signed.
"""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from typing import Any, Mapping, Sequence

from twinshore.payments.port import SignatureRefused

KEY_BYTES = 16
"""At least: Adyen makes keys of 32. An HMAC under the empty key can be made by anyone."""
ITEM_LIMIT = 100
_BEFORE_AMOUNT = ("pspReference", "originalReference", "merchantAccountCode", "merchantReference")


def genuine_items(body: bytes, keys: Sequence[bytes]) -> list[Mapping[str, Any]]:
    """The items of the notification, each of them shown to come from Adyen; one that is not spoils them all.

    keys: every live HMAC key, decoded: while one is replaced, notices under the old one still arrive.
    Raises SignatureRefused, also for a body that holds no item: nothing in it shows where it comes from.
    """
    try:
        notification = json.loads(body)
    except (ValueError, RecursionError):
        raise SignatureRefused from None
    wrapped = notification.get("notificationItems") if isinstance(notification, dict) else None
    if not isinstance(wrapped, list) or not 1 <= len(wrapped) <= ITEM_LIMIT:
        raise SignatureRefused
    items = [one.get("NotificationRequestItem") if isinstance(one, dict) else None for one in wrapped]
    genuine: list[Mapping[str, Any]] = [item for item in items if isinstance(item, dict) and is_genuine(item, keys)]
    if len(genuine) != len(items):
        raise SignatureRefused
    return genuine


def is_genuine(item: Mapping[str, Any], keys: Sequence[bytes]) -> bool:
    additional = item.get("additionalData")
    given = additional.get("hmacSignature") if isinstance(additional, dict) else None
    message = signed_text(item)
    if not isinstance(given, str) or message is None:
        return False
    candidate = given.encode("utf-8", "surrogatepass")
    genuine = False
    for key in keys:
        expected = b64encode(hmac.digest(key, message, "sha256"))
        genuine |= len(key) >= KEY_BYTES and hmac.compare_digest(expected, candidate)
    return genuine


def signed_text(item: Mapping[str, Any]) -> bytes | None:
    """The eight fields; what is missing is empty, and nothing is escaped. None if one is neither text nor a number."""
    amount = item.get("amount")
    amount = amount if isinstance(amount, dict) else {}
    fields = [item.get(name) for name in _BEFORE_AMOUNT]
    fields += [amount.get("value"), amount.get("currency"), item.get("eventCode"), item.get("success")]
    if not all(field is None or type(field) in (str, int) for field in fields):
        return None
    return ":".join("" if field is None else str(field) for field in fields).encode("utf-8", "surrogatepass")
