"""How the wiring finds DANA."""

from __future__ import annotations

from twinshore.providers.dana.capabilities import CAPABILITIES as CAPABILITIES
from twinshore.providers.dana.client import Dana, dana_from_secret
from twinshore.providers.setup import Setup

BASE_URL = "https://api.saas.dana.id"


def build(setup: Setup) -> Dana:
    return dana_from_secret(setup.base_url or BASE_URL, setup.secret_json, setup.notify_url)
