from __future__ import annotations

from twinshore.providers.capabilities import Capabilities
from twinshore.providers.paypal.amounts import CURRENCIES

CAPABILITIES = Capabilities(
    name="paypal",
    methods=("paypal",),
    currencies=CURRENCIES,
    client="redirect_url: PayPal's page, where the payer approves; order_id for PayPal's own buttons",
    tells_failure=True,
    part_refunds=True,
    refund_days=180,
    acknowledge_within_seconds=5,
    retries_for_seconds=3 * 24 * 3600,
    # The signature covers a CRC-32 of the body, which anyone can match with another body.
    signature_covers_body=False,
    we_capture=True,
    disputes=True,
    hosts=("api-m.paypal.com", "api-m.sandbox.paypal.com", "api.paypal.com", "api.sandbox.paypal.com"),
)
