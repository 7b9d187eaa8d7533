"""Secrets of single payments, encrypted at rest: a payer's access token at a provider, for instance.

AES-256-GCM (NIST SP 800-38D) under a key of the cell, the item's key as associated data, so that a sealed text that was
copied to another item does not open. Several keys are live during a rotation: the first seals, all open.
"""

from __future__ import annotations

import json
import os
from base64 import b64decode, b64encode
from typing import Callable

from twinshore.errors import BrokenInvariant
from twinshore.store.port import CommitConflict, Create, Item, Key, Replace, Store, StoreUnavailable

KEY_BYTES = 32
_NONCE_BYTES = 12
_TRIES = 3


class StoreVault:
    """Implements `providers.setup.Vault` for one provider. `keys` gives the secret `vault_keys`, asked for at the first
    use (most providers keep nothing): a JSON list of {"id", "secret" in hex}, the sealing one first."""

    def __init__(self, store: Store, provider: str, keys: Callable[[], str]) -> None:
        self._store = store
        self._provider = provider
        self._keys = keys

    def put(self, reference: str, text: str, expires_at: int) -> None:
        self._write(reference, lambda _: (text, expires_at))

    def change(self, reference: str, update: Callable[[str], tuple[str, int]]) -> str:
        """Raises BrokenInvariant as `get` does, StoreUnavailable."""

        def next_text(held: Item | None) -> tuple[str, int] | None:
            before = self._text(held)
            text, expires_at = update(before)
            return None if text == before else (text, expires_at)

        return self._write(reference, next_text)

    def _write(self, reference: str, wanted: Callable[[Item | None], tuple[str, int] | None]) -> str:
        key = self._item(reference)
        for _ in range(_TRIES):
            held = self._store.get(key)
            asked = wanted(held)
            if asked is None:
                return self._text(held)
            text, expires_at = asked
            key_id, sealed = _sealed(self._keys(), text, key.partition)
            fields = {"key": key_id, "sealed": sealed}
            change = Replace(key, fields, held.version, expires_at=expires_at) if held else None
            try:
                self._store.commit(change or Create(key, fields, expires_at=expires_at))
            except CommitConflict:
                continue
            return text
        raise StoreUnavailable("a sealed item is contended")

    def get(self, reference: str) -> str:
        """ "" if there is none. Raises BrokenInvariant if it does not open: the key is gone, or the item was moved."""
        return self._text(self._store.get(self._item(reference)))

    def _text(self, held: Item | None) -> str:
        if held is None:
            return ""
        return _opened(self._keys(), held.fields["key"], held.fields["sealed"], held.key.partition)

    def _item(self, reference: str) -> Key:
        return Key(f"vault#{self._provider}#{reference}", "sealed")


class TextSeals:
    """Seals short texts that their owner keeps in items of its own. `bound_to` is the associated data."""

    def __init__(self, keys: Callable[[], str]) -> None:
        self._keys = keys

    def seal(self, text: str, bound_to: str) -> str:
        return ".".join(_sealed(self._keys(), text, bound_to))

    def open(self, sealed: str, bound_to: str) -> str:
        """Raises BrokenInvariant if it does not open: the key is gone, or it was moved."""
        key_id, _, raw = sealed.rpartition(".")
        return _opened(self._keys(), key_id, raw, bound_to)


def _sealed(keys_json: str, text: str, bound_to: str) -> tuple[str, str]:
    """Which key, and base64 of nonce and sealed text."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    key_id, secret = next(iter(_live_keys(keys_json).items()))
    nonce = os.urandom(_NONCE_BYTES)
    return key_id, b64encode(nonce + AESGCM(secret).encrypt(nonce, text.encode(), bound_to.encode())).decode()


def _opened(keys_json: str, key_id: str, sealed: str, bound_to: str) -> str:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    secret = _live_keys(keys_json).get(key_id)
    raw = b64decode(sealed)
    try:
        opened = AESGCM(secret or b"").decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], bound_to.encode())
    except (InvalidTag, ValueError):
        raise BrokenInvariant("a sealed item opens with a live key, where it was sealed") from None
    return opened.decode()


def _live_keys(secret_json: str) -> dict[str, bytes]:
    """Raises ValueError without repeating any of the secret."""
    try:
        keys = {str(row["id"]): bytes.fromhex(row["secret"]) for row in json.loads(secret_json)}
    except (ValueError, TypeError, KeyError):
        raise ValueError('vault_keys must be a JSON list of {"id", "secret" in hex}') from None
    if not keys or any(len(secret) != KEY_BYTES for secret in keys.values()):
        raise ValueError(f"vault_keys needs at least one key of {KEY_BYTES} bytes")
    return keys
