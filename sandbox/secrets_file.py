"""A cell's secrets file: made at the first start, kept ever after, readable by the owner only."""

from __future__ import annotations

import base64
import json
import os
import secrets
from pathlib import Path
from typing import Mapping

SESSION_KEY_BYTES = 32
CELL_KEY_ID = "box"
"""As which the box publishes each cell's key in the cells file that it writes."""


def keep(file: Path, given: Mapping[str, str]) -> str:
    """Write what is missing: session, vault and webhook keys and the cell's Ed25519 key are made once, `given` (what
    outside parties issued) is always as given. Returns the public half of the cell's key: raw, base64."""
    kept: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    for name in ("session_keys", "vault_keys", "webhook_signing_keys"):
        if name not in kept:
            kept[name] = json.dumps([{"id": "box1", "secret": secrets.token_bytes(SESSION_KEY_BYTES).hex()}])
    if not kept.get("cell_key", "").startswith("{"):
        private = base64.b64encode(secrets.token_bytes(32)).decode()
        kept["cell_key"] = json.dumps({"id": CELL_KEY_ID, "private": private})
    write_whole(file, json.dumps({**kept, **given}, indent=1))
    return public_half(json.loads(kept["cell_key"])["private"])


def write_whole(file: Path, text: str) -> None:
    """Whole or not at all, even if the machine stops in the middle."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(file.name + ".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)


def public_half(private: str) -> str:
    """Of an Ed25519 key: both raw, in base64."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(private))
    return base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
