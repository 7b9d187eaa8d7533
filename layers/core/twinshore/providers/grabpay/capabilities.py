from __future__ import annotations

from twinshore.providers.capabilities import Capabilities

CAPABILITIES = Capabilities(
    name="grabpay",
    methods=("grabpay",),
    currencies=("MYR", "PHP", "SGD", "THB"),
    client="the redirect_url to send the payer's browser to",
    tells_failure=False,
    part_refunds=True,
    refund_days=365,
    # What GrabPay wants of our answer is not written anywhere; these are the strictest of all our providers.
    acknowledge_within_seconds=5,
    retries_for_seconds=0,
    signature_covers_body=False,
    we_capture=True,
    tells_refunds=False,
    hosts=("partner-api.grab.com", "partner-api.stg-myteksi.com"),
    query_tells_refunds=False,
)
