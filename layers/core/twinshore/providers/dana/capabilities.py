from __future__ import annotations

from twinshore.providers.capabilities import Capabilities

CAPABILITIES = Capabilities(
    name="dana",
    methods=("dana",),
    currencies=("IDR",),
    client="the redirect_url to send the payer's browser to",
    tells_failure=True,
    part_refunds=True,
    # As the merchant's contract says; a refund out of its time is refused by name.
    refund_days=30,
    acknowledge_within_seconds=8,
    # Not published; the merchant may have a notice sent again for days, which is then signed anew.
    retries_for_seconds=7 * 86_400,
    signature_covers_body=True,
    tells_refunds=False,
    hosts=("api.saas.dana.id", "api.sandbox.dana.id"),
    query_tells_refunds=False,
)
