"""The Secrets port: named secrets of one cell, from the file of a laptop, AWS Secrets Manager or Tencent SSM."""

from __future__ import annotations

from typing import Protocol


class SecretMissing(Exception):
    """There is no such secret, or it is empty: an empty secret is a closed door. Names it, never shows it."""


class Secrets(Protocol):
    def get(self, name: str) -> str:
        """The secret's text. Raises SecretMissing."""
