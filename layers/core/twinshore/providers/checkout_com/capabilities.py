from __future__ import annotations

from twinshore.providers.capabilities import Capabilities

CAPABILITIES = Capabilities(
    name="checkout_com",
    methods=("mada", "card", "apple_pay"),
    currencies=(),
    client="redirect_url of the payment page",
    tells_failure=True,
    part_refunds=True,
    refund_days=180,
    acknowledge_within_seconds=10,
    retries_for_seconds=30 * 3600,
    signature_covers_body=True,
    disputes=True,
    signs_time=False,
    # An account calls its own name below these: <subdomain>.api.checkout.com.
    hosts=("*.api.checkout.com", "*.api.sandbox.checkout.com"),
    payer_takes=("client_ip", "country"),
)
