"""Tencent SCF's side of the gateway: the function-URL event in both forms, the context dict, the answer turned back.

The plain form is the documented one (SCF documents, "Function URL"): five members, text body, no base64 flag, the
client's address in `x-scf-remote-addr`. With `ApiGwCompatible` the event has the members that the closed API Gateway
product sent as well.
"""

from __future__ import annotations

import base64
import time
from typing import Any

from sandbox.gateway.http_request import HttpAnswer, HttpRequest

PLAIN = "plain"
API_GATEWAY_COMPATIBLE = "api-gateway-compatible"
TIMEOUT_MS = 29_000
CLIENT_PORT = 51234
"""The plain form's address may carry a port, so it does here."""


def context(function_name: str, region: str, request_id: str) -> dict[str, Any]:
    return {
        "memory_limit_in_mb": 512,
        "time_limit_in_ms": TIMEOUT_MS,
        "request_id": request_id,
        "environment": '{"SCF_NAMESPACE":"default"}',
        "environ": "SCF_NAMESPACE=default",
        "function_version": "$LATEST",
        "function_name": function_name,
        "namespace": "default",
        "tencentcloud_region": region,
        "tencentcloud_appid": "1250000000",
        "tencentcloud_uin": "100000000000",
    }


def http_event(request: HttpRequest, shape: str) -> dict[str, Any]:
    """A body that is not UTF-8 is spoilt here as it is there: the platform turns bytes into text."""
    body = request.body.decode("utf-8", errors="replace")
    if shape == PLAIN:
        headers = request.folded_headers() | {"x-scf-remote-addr": f"{request.client_ip}:{CLIENT_PORT}"}
        return {"httpMethod": request.method, "path": request.path, "headers": headers,
                "queryString": _query(request), "body": body}  # fmt: skip
    return {
        "httpMethod": request.method,
        "path": request.path,
        "headerParameters": {},
        "pathParameters": {},
        "headers": dict(request.headers),
        "queryStringParameters": _query(request),
        "requestContext": {
            "httpMethod": request.method,
            "identity": {},
            "path": request.path,
            "requestId": request.request_id,
            "serviceId": "service-box",
            "sourceIp": request.client_ip,
            "stage": "release",
        },
        "body": body,
        "isBase64Encoded": False,
    }


def _query(request: HttpRequest) -> dict[str, Any]:
    """A name that comes once has its value, a repeated one the list of its values."""
    found: dict[str, Any] = {}
    for name, value in request.query_pairs():
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    return found


def http_answer(result: object) -> HttpAnswer:
    """`{"statusCode", "headers", "body"}`; without a statusCode the whole result is the body of a 200."""
    import json

    if not isinstance(result, dict) or "statusCode" not in result:
        return HttpAnswer(200, (("Content-Type", "application/json"),), json.dumps(result).encode())
    text = result.get("body") or ""
    body = base64.b64decode(text) if result.get("isBase64Encoded") is True else str(text).encode()
    headers: list[tuple[str, str]] = []
    for name, value in dict(result.get("headers") or {}).items():
        headers += [(str(name), str(each)) for each in (value if isinstance(value, list) else [value])]
    return HttpAnswer(int(result["statusCode"]), tuple(headers), body)


def failed_answer(request_id: str) -> HttpAnswer:
    """The platform's own words for a function that raised (`errorCode` -1, status 430 inside, a fast 502 outside)."""
    body = f'{{"errorCode":-1,"errorMessage":"user code exception","requestId":"{request_id}","statusCode":430}}'
    return HttpAnswer(502, (("Content-Type", "application/json"),), body.encode())


def timer_event(name: str, at_ms: int) -> dict[str, Any]:
    return {
        "Type": "Timer",
        "TriggerName": name,
        "Time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_ms / 1000)),
        "Message": name,
    }
