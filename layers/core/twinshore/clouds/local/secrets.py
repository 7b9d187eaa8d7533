"""Secrets from a JSON file: for the box and the tests."""

from __future__ import annotations

import json
from pathlib import Path

from twinshore.secret_port import SecretMissing


class FileSecrets:
    """Implements `Secrets` over a JSON object of texts. The file is read once."""

    def __init__(self, path: str) -> None:
        self._all: dict[str, str] = json.loads(Path(path).read_text(encoding="utf-8"))

    def get(self, name: str) -> str:
        value = self._all.get(name, "")
        if not value:
            raise SecretMissing(f"the secret {name} is missing or empty")
        return value
