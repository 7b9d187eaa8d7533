"""How the wiring finds DANA."""

from __future__ import annotations

from twinshore.providers.configuration import ProviderSecret
from twinshore.providers.dana.capabilities import CAPABILITIES as CAPABILITIES
from twinshore.providers.dana.client import Dana, dana_from_secret
from twinshore.providers.exchange import send_to
from twinshore.providers.setup import Setup

BASE_URL = "https://api.saas.dana.id"
SANDBOX_URL = "https://api.sandbox.dana.id"


def build(setup: Setup) -> Dana:
    """`sandbox` in the secret: DANA's own sandbox, for trials outside the box."""
    sandbox = ProviderSecret("dana", setup.secret_json).flag("sandbox")
    base_url = setup.base_url or (SANDBOX_URL if sandbox else BASE_URL)
    return dana_from_secret(
        base_url, setup.secret_json, setup.notify_url, send=send_to(CAPABILITIES.hosts, setup.base_url)
    )
