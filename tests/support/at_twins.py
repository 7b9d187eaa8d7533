"""What tests of a provider at its twin need alike."""

from __future__ import annotations

import json
from typing import Any, Mapping

import pytest

from sandbox.twins.server import Twin
from twinshore import outbound
from twinshore.payments.port import ProviderRefused


def hasty(method: str, url: str, headers: Mapping[str, str], body: bytes, _: float) -> outbound.Reply:
    """The real sender with little patience, so that a time-out takes a moment."""
    return outbound.send(method, url, headers, body, 0.3)


def control(twin: Twin, path: str, wanted: Mapping[str, Any]) -> int:
    return outbound.send("POST", f"{twin.url}/_twin/{path}", {}, json.dumps(wanted).encode()).status


def reason(refused: pytest.ExceptionInfo[ProviderRefused]) -> object:
    """Our word for why."""
    return refused.value.extensions["reason"]
