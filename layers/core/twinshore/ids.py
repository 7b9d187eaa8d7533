"""Ids that sort by the time they were made."""

from __future__ import annotations

import secrets

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case: no i, l, o, u to mistake
ID_LENGTH = 26
_RANDOM_BITS = 88


def new_id(now: int) -> str:
    """26 characters: 42 bits of seconds, 88 random bits. Unguessable enough for a URL, not a credential."""
    value = (now << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS)
    return "".join(_ALPHABET[(value >> shift) & 31] for shift in range(5 * (ID_LENGTH - 1), -1, -5))
