"""One webhook, as each gateway of both clouds would hand it to the door."""

from __future__ import annotations

import base64
from typing import Any, Iterator, Mapping

from tests.support.doors import LambdaContext, aws_event, tencent_event
from twinshore.http_events import from_aws, from_tencent

CALLER = "203.0.113.7"
SCF_CONTEXT = {"request_id": "r", "time_limit_in_ms": 3000}


def through_both_gateways(path: str, headers: Mapping[str, str], body: bytes) -> Iterator[Any]:
    """AWS and Tencent, each as text and as base64; Tencent's function URL and its API gateway."""
    wrapped = {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    aws = aws_event("POST", path, "", dict(headers), body, CALLER)
    scf = tencent_event("POST", path, {}, dict(headers), body, CALLER)
    gateway = {**scf, "queryStringParameters": {}, "requestContext": {"sourceIp": CALLER}}
    context = LambdaContext("webhooks", "r")
    yield from_aws(aws, context)
    yield from_aws({**aws, **wrapped}, context)
    yield from_tencent(scf, SCF_CONTEXT)
    yield from_tencent({**gateway, "isBase64Encoded": False}, SCF_CONTEXT)
    yield from_tencent({**gateway, **wrapped}, SCF_CONTEXT)
