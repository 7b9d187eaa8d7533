"""How the wiring finds Mercado Pago."""

from __future__ import annotations

from twinshore.providers.exchange import send_to
from twinshore.providers.mercado_pago.capabilities import CAPABILITIES as CAPABILITIES
from twinshore.providers.mercado_pago.client import MercadoPago, mercado_pago_from_secret
from twinshore.providers.setup import Setup

BASE_URL = "https://api.mercadopago.com"


def build(setup: Setup) -> MercadoPago:
    send = send_to(CAPABILITIES.hosts, setup.base_url)
    return mercado_pago_from_secret(setup.base_url or BASE_URL, setup.secret_json, send=send)
