from __future__ import annotations

from twinshore.providers.capabilities import Capabilities
from twinshore.providers.mercado_pago.amounts import CURRENCIES

CAPABILITIES = Capabilities(
    name="mercado_pago",
    methods=("mercado_pago",),
    currencies=CURRENCIES,
    client="redirect_url: Mercado Pago's page, where the payer chooses cards, Pix, cash and more",
    tells_failure=True,
    part_refunds=True,
    refund_days=180,
    acknowledge_within_seconds=22,
    # Every 15 minutes at first; the whole span is not stated.
    retries_for_seconds=3 * 24 * 3600,
    # It covers the id in the query, a request id and a time, and nothing of the body.
    signature_covers_body=False,
    disputes=True,
    hosts=("api.mercadopago.com",),
)
