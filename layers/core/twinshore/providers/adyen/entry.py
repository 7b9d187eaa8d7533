"""How the wiring finds Adyen."""

from __future__ import annotations

import re

from twinshore.providers.adyen.capabilities import CAPABILITIES as CAPABILITIES
from twinshore.providers.adyen.client import Adyen, adyen_from_secret
from twinshore.providers.configuration import ProviderNotConfigured, ProviderSecret
from twinshore.providers.exchange import send_to
from twinshore.providers.setup import Setup

TEST_URL = "https://checkout-test.adyen.com"
_PREFIX = re.compile(r"[A-Za-z0-9-]{1,80}")


def build(setup: Setup) -> Adyen:
    send = send_to(CAPABILITIES.hosts, setup.base_url)
    return adyen_from_secret(setup.base_url or _base_url(setup.secret_json), setup.secret_json, setup.vault, send=send)


def _base_url(secret_json: str) -> str:
    """The live platform has a host for each company; without `live_prefix` it is the test platform."""
    prefix = ProviderSecret("adyen", secret_json).optional_text("live_prefix")
    if not prefix:
        return TEST_URL
    if not _PREFIX.fullmatch(prefix):
        raise ProviderNotConfigured("The secret of adyen lacks a usable member: live_prefix.")
    return f"https://{prefix}-checkout-live.adyenpayments.com/checkout"
