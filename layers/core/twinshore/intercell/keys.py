"""The cells' keys: Ed25519 (RFC 8032), each cell's private one in its secret, all public ones in the cells file.

A key is named `<cell>:<key id>`, so that a signature says who made it. Several public keys of a cell are live during a
rotation (docs/cell-to-cell.md); the private half is always the one that signs now.
"""

import json
import re
from base64 import b64decode
from typing import NamedTuple

from twinshore.cells import Cells
from twinshore.errors import Unauthenticated

KEY_BYTES = 32
KEY_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


class SenderUnknown(Unauthenticated):
    """The key is of no cell in the cells file, or is not among those that the cell has published (any more)."""

    slug = "cell-unknown"
    title_en = "No cell of ours has published this key"
    title_zh = "没有任何数据区公布过此密钥"


class CellKey(NamedTuple):
    cell: str
    id: str
    private: bytes
    """Raw, 32 bytes (RFC 8032, section 5.1.5)."""

    @property
    def key_id(self) -> str:
        return f"{self.cell}:{self.id}"

    def __repr__(self) -> str:
        return f"CellKey({self.key_id})"  # a record's usual picture would put the private half into a log

    def sign(self, message: bytes) -> bytes:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self.private).sign(message)


def cell_key_from_secret(cell: str, secret_json: str) -> CellKey:
    """From the secret `cell_key`: {"id": "2026-11", "private": raw key in base64}.

    Raises ValueError without repeating any of the secret.
    """
    try:
        row = json.loads(secret_json)
        key_id, private = row["id"], b64decode(row["private"], validate=True)
        if not KEY_ID.fullmatch(key_id) or len(private) != KEY_BYTES:
            raise ValueError
    except (ValueError, TypeError, KeyError):
        raise ValueError('cell_key must be {"id", "private": 32 bytes in base64}') from None
    return CellKey(cell, key_id, private)


def public_key(cells: Cells, key_id: str) -> tuple[str, bytes]:
    """The cell that `key_id` is of, and its raw public key. Raises SenderUnknown."""
    cell, _, name = key_id.partition(":")
    declared = cells.all.get(cell)
    if declared is None or name not in declared.public_keys:
        raise SenderUnknown("see `public_keys` in the cells file")
    return cell, b64decode(declared.public_keys[name])


def is_signed_by(public: bytes, signature: bytes, message: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
