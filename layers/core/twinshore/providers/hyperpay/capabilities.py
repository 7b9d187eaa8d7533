from __future__ import annotations

from twinshore.providers.capabilities import Capabilities

CAPABILITIES = Capabilities(
    name="hyperpay",
    methods=("mada", "card", "apple_pay"),
    currencies=("SAR", "AED", "QAR", "EGP", "USD", "EUR", "KWD", "BHD", "OMR", "JOD"),
    client="checkout_id, script, integrity, brands and result_url for the COPYandPAY form",
    tells_failure=True,
    part_refunds=True,
    refund_days=180,
    acknowledge_within_seconds=10,
    retries_for_seconds=7 * 24 * 3600,
    signature_covers_body=True,
    disputes=True,
    signs_time=False,
    hosts=("eu-prod.oppwa.com", "eu-test.oppwa.com"),
    payer_takes=("client_ip", "country"),
)
