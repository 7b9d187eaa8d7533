"""How the wiring finds GrabPay."""

from __future__ import annotations

from twinshore.providers.configuration import ProviderSecret
from twinshore.providers.exchange import send_to
from twinshore.providers.grabpay.capabilities import CAPABILITIES as CAPABILITIES
from twinshore.providers.grabpay.client import GrabPay, grabpay_from_secret
from twinshore.providers.setup import Setup

BASE_URL = "https://partner-api.grab.com"
STAGING_URL = "https://partner-api.stg-myteksi.com"


def build(setup: Setup) -> GrabPay:
    """`staging` in the secret: Grab's own staging, for trials outside the box."""
    staging = ProviderSecret("grabpay", setup.secret_json).flag("staging")
    base_url = setup.base_url or (STAGING_URL if staging else BASE_URL)
    send = send_to(CAPABILITIES.hosts, setup.base_url)
    return grabpay_from_secret(base_url, setup.secret_json, setup.notify_url, setup.vault, send=send)
