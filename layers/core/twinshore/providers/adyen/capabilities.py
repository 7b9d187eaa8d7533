from __future__ import annotations

from twinshore.providers.capabilities import Capabilities

CAPABILITIES = Capabilities(
    name="adyen",
    methods=("card", "apple_pay", "grabpay", "dana"),
    currencies=(),
    client="redirect_url: Adyen's payment page, to be opened in a browser",
    tells_failure=True,
    part_refunds=True,
    refund_days=365,
    acknowledge_within_seconds=10,
    retries_for_seconds=30 * 24 * 3600,
    signature_covers_body=False,
    we_capture=True,
    disputes=True,
    signs_time=False,
    query_finds_payment=False,
    hosts=("checkout-test.adyen.com", "*-checkout-live.adyenpayments.com"),
    payer_takes=("country",),
)
"""The signature covers eight fields, amount and currency among them. `we_capture` holds where the secret says
`"capture": "manual"`; otherwise an approved payment is CAPTURED at once and `capture` has nothing to do."""
