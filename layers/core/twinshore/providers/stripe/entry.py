"""How the wiring finds Stripe."""

from __future__ import annotations

from twinshore.providers.exchange import send_to
from twinshore.providers.setup import Setup
from twinshore.providers.stripe.capabilities import CAPABILITIES as CAPABILITIES
from twinshore.providers.stripe.client import Stripe, stripe_from_secret

BASE_URL = "https://api.stripe.com"


def build(setup: Setup) -> Stripe:
    send = send_to(CAPABILITIES.hosts, setup.base_url)
    return stripe_from_secret(setup.base_url or BASE_URL, setup.secret_json, send=send)
