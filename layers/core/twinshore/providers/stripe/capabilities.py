from __future__ import annotations

from twinshore.providers.capabilities import Capabilities

CAPABILITIES = Capabilities(
    name="stripe",
    methods=("card", "apple_pay", "grabpay"),
    currencies=(),
    client="the client_secret (publishable_key; return_url for a redirect) for Stripe's payment element",
    tells_failure=True,
    part_refunds=True,
    refund_days=180,
    acknowledge_within_seconds=5,
    retries_for_seconds=3 * 24 * 3600,
    signature_covers_body=True,
    disputes=True,
    hosts=("api.stripe.com",),
)
