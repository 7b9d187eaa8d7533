"""How the wiring finds Airwallex."""

from __future__ import annotations

from twinshore.providers.airwallex.capabilities import CAPABILITIES as CAPABILITIES
from twinshore.providers.airwallex.client import Airwallex, airwallex_from_secret
from twinshore.providers.configuration import ProviderSecret
from twinshore.providers.exchange import send_to
from twinshore.providers.setup import Setup

BASE_URL = "https://api.airwallex.com"
DEMO_URL = "https://api-demo.airwallex.com"


def build(setup: Setup) -> Airwallex:
    demo = ProviderSecret("airwallex", setup.secret_json).flag("demo")
    send = send_to(CAPABILITIES.hosts, setup.base_url)
    return airwallex_from_secret(setup.base_url or (DEMO_URL if demo else BASE_URL), setup.secret_json, send=send)
