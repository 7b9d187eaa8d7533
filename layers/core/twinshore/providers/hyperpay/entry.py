"""How the wiring finds HyperPay."""

from __future__ import annotations

from twinshore.providers.exchange import send_to
from twinshore.providers.hyperpay.capabilities import CAPABILITIES as CAPABILITIES
from twinshore.providers.hyperpay.client import HyperPay, hyperpay_from_secret
from twinshore.providers.setup import Setup

BASE_URL = "https://eu-prod.oppwa.com"


def build(setup: Setup) -> HyperPay:
    send = send_to(CAPABILITIES.hosts, setup.base_url)
    return hyperpay_from_secret(setup.base_url or BASE_URL, setup.secret_json, setup.vault, send=send)
