from __future__ import annotations

from twinshore.providers.capabilities import Capabilities

CAPABILITIES = Capabilities(
    name="airwallex",
    methods=("card", "apple_pay", "grabpay", "dana"),
    currencies=(),
    client="intent_id, client_secret, currency and methods for Airwallex.js' payment page",
    tells_failure=True,
    part_refunds=True,
    refund_days=365,
    acknowledge_within_seconds=5,
    retries_for_seconds=3 * 24 * 3600,
    signature_covers_body=True,
    disputes=True,
    hosts=("api.airwallex.com", "api-demo.airwallex.com"),
)
