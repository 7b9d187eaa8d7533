"""How the wiring finds PayPal."""

from __future__ import annotations

from twinshore.providers.exchange import send_to
from twinshore.providers.paypal.capabilities import CAPABILITIES as CAPABILITIES
from twinshore.providers.paypal.client import PayPal, paypal_from_secret
from twinshore.providers.setup import Setup


def build(setup: Setup) -> PayPal:
    send = send_to(CAPABILITIES.hosts, setup.base_url)
    return paypal_from_secret(setup.base_url, setup.secret_json, send=send)
