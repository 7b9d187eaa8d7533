"""Make a cell's Ed25519 key pair: `python -m tools.cell_key CELL KEY_ID SECRET_FILE`, e.g. `cn 2026-11 cn.json`.

Prints the cell's line for infra/cells.toml: its live keys and the new one. The private half goes into SECRET_FILE,
which must be new and which only its owner can read: it is the value of the cell's secret `cell_key`.
docs/cell-to-cell.md has the order of steps.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from pathlib import Path
from typing import Mapping

ROOT = Path(__file__).resolve().parent.parent


def make(live: Mapping[str, str], key_id: str, secret_file: str) -> str:
    """The line for the cells file. Raises ValueError for a bad or used id, FileExistsError: no key is overwritten."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    from twinshore.intercell.keys import KEY_ID

    if not KEY_ID.fullmatch(key_id) or key_id in live:
        raise ValueError("a key id has 1 to 32 of a-z 0-9 - and is not in use")
    key = Ed25519PrivateKey.generate()
    private = base64.b64encode(key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())).decode()
    with os.fdopen(os.open(secret_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        json.dump({"id": key_id, "private": private}, out)
    public = base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
    pairs = ", ".join(f'"{each}" = "{value}"' for each, value in {**live, key_id: public}.items())
    return f"public_keys = {{ {pairs} }}"


def main(arguments: list[str]) -> int:
    sys.path.insert(0, str(ROOT / "layers" / "core"))
    from twinshore.cells import load_cells

    if len(arguments) != 3 or arguments[0] not in load_cells().all:
        print(__doc__)
        return 2
    cell, key_id, secret_file = arguments
    print(make(load_cells().all[cell].public_keys, key_id, secret_file))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
