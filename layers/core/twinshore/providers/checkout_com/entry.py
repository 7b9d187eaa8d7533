"""How the wiring finds Checkout.com."""

from __future__ import annotations

from twinshore.providers.checkout_com.capabilities import CAPABILITIES as CAPABILITIES
from twinshore.providers.checkout_com.client import CheckoutCom, checkout_com_from_secret
from twinshore.providers.exchange import send_to
from twinshore.providers.setup import Setup


def build(setup: Setup) -> CheckoutCom:
    send = send_to(CAPABILITIES.hosts, setup.base_url)
    return checkout_com_from_secret(setup.base_url, setup.secret_json, setup.vault, send=send)
