"""How the wiring finds GrabPay."""

from __future__ import annotations

from twinshore.providers.exchange import send_to
from twinshore.providers.grabpay.capabilities import CAPABILITIES as CAPABILITIES
from twinshore.providers.grabpay.client import GrabPay, grabpay_from_secret
from twinshore.providers.setup import Setup

BASE_URL = "https://partner-api.grab.com"


def build(setup: Setup) -> GrabPay:
    send = send_to(CAPABILITIES.hosts, setup.base_url)
    return grabpay_from_secret(setup.base_url or BASE_URL, setup.secret_json, setup.notify_url, setup.vault, send=send)
