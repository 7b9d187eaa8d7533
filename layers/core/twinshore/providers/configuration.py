"""A provider's secret is one JSON object in the cell's secret store. What is missing or empty closes the door."""

from __future__ import annotations

import json
from typing import Any

from twinshore.errors import Unavailable


class ProviderNotConfigured(Unavailable):
    """Our fault, and worth another try once it is mended: a provider repeats a webhook that met a 503."""

    slug = "payment-provider-not-configured"
    title_en = "This payment method is not set up here"
    title_zh = "该支付方式尚未配置"


class ProviderSecret:
    """Reads members of a provider's secret and names the one that is missing, never a value.

    provider: its name, for the error. text: the secret's JSON text. Raises ProviderNotConfigured.
    """

    def __init__(self, provider: str, text: str) -> None:
        self._provider = provider
        try:
            members = json.loads(text) if text.strip() else None
        except ValueError:
            # Without `from`: the decoder's error carries the document, which is the secret itself.
            raise ProviderNotConfigured(f"The secret of {provider} is not JSON.") from None
        if not isinstance(members, dict) or not members:
            raise ProviderNotConfigured(f"The secret of {provider} is missing or empty.")
        self._members: dict[str, Any] = members

    def text(self, name: str) -> str:
        value = self._members.get(name)
        if not isinstance(value, str) or not value.strip():
            raise self._missing(name)
        return value.strip()

    def optional_text(self, name: str) -> str:
        return self.text(name) if self._members.get(name) else ""

    def flag(self, name: str) -> bool:
        return self._members.get(name) is True

    def texts(self, name: str) -> tuple[str, ...]:
        """At least one text; no empty one: an HMAC under the empty key verifies mathematically."""
        values = self._members.get(name)
        if not isinstance(values, list) or not values or not all(isinstance(v, str) and v.strip() for v in values):
            raise self._missing(name)
        return tuple(value.strip() for value in values)

    def mapping(self, name: str) -> dict[str, str]:
        """Texts by name; may be empty or absent."""
        values = self._members.get(name, {})
        if not isinstance(values, dict) or not all(isinstance(v, str) and v.strip() for v in values.values()):
            raise self._missing(name)
        return {key: value.strip() for key, value in values.items()}

    def _missing(self, name: str) -> ProviderNotConfigured:
        return ProviderNotConfigured(f"The secret of {self._provider} lacks a usable member: {name}.")
