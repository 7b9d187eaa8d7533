"""Providers' webhooks: verified over the raw bytes, made durable, acknowledged in the provider's own form."""

from twinshore import wiring
from twinshore.payments.port import SignatureRefused
from twinshore.payments.webhooks import WEBHOOK_LIMIT_BYTES, receive, with_query
from twinshore.web import Door, Request, Response

door = Door("payment_callbacks", wiring)
main_handler = door


@door.post(
    "/v1/webhooks/{provider}", body_limit_bytes=WEBHOOK_LIMIT_BYTES, problems=(SignatureRefused,), from_provider=True
)
def webhook(request: Request) -> Response:
    name = request.params["provider"]
    provider = wiring.payment_provider(name)
    headers = with_query(request.headers, request.query)
    kept = receive(wiring.store(), name, provider, headers, request.body, request.now)
    return Response(kept.status, kept.body, kept.content_type)
