"""One realistic JSON request, in API Gateway's form, and the answer that every stack gives to it."""

from __future__ import annotations

import json
from typing import Any

MEMBER = "m_7q4z5s0s1n"
PATH = f"/v1/members/{MEMBER}/redemptions"
BODY = {
    "points": 1200,
    "currency": "EUR",
    "amount_minor": 12345,
    "quote_id": "quote-01jax7q4z5s0s1n6v2t8k9m3bd",
    "items": [{"sku": "VOUCHER-0001", "quantity": 1, "points": 600},
              {"sku": "VOUCHER-0002", "quantity": 1, "points": 600}],
    "delivery": {"name": "Anna Beispiel", "country": "DE", "city": "Frankfurt",
                 "line": "Musterweg 1", "postcode": "60311"},
    "note": "please wrap",
}  # fmt: skip
EVENT: dict[str, Any] = {
    "version": "2.0", "routeKey": "POST /v1/members/{member_id}/redemptions", "rawPath": PATH, "rawQueryString": "",
    "headers": {
        "accept": "application/json", "authorization": "Bearer " + "a" * 200, "content-type": "application/json",
        "content-length": "400", "host": "api.example", "user-agent": "mini-program", "x-forwarded-for": "203.0.113.7",
        "x-forwarded-port": "443", "x-forwarded-proto": "https",
    },
    "pathParameters": {"member_id": MEMBER}, "body": json.dumps(BODY), "isBase64Encoded": False,
    "requestContext": {
        "accountId": "123456789012", "apiId": "api", "domainName": "api.example", "domainPrefix": "api",
        "http": {"method": "POST", "path": PATH, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": "x"},
        "requestId": "r-1", "routeKey": "POST /v1/members/{member_id}/redemptions", "stage": "$default",
        "time": "22/Nov/2026:08:30:00 +0000", "timeEpoch": 1795336200000,
    },
}  # fmt: skip


def http_event(path: str, body: object) -> dict[str, Any]:
    """A POST of JSON to another path, without a token."""
    http = {**EVENT["requestContext"]["http"], "path": path}
    return {
        **EVENT, "rawPath": path, "routeKey": f"POST {path}", "pathParameters": {}, "body": json.dumps(body),
        "headers": {name: value for name, value in EVENT["headers"].items() if name != "authorization"},
        "requestContext": {**EVENT["requestContext"], "http": http, "routeKey": f"POST {path}"},
    }  # fmt: skip


class Context:
    function_name = "bench"
    function_version = "1"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:bench"
    aws_request_id = "3f0c0f0e-3a2c-4a9b-8c86-0a2c7d1f6a55"
    log_group_name = log_stream_name = "bench"

    def get_remaining_time_in_millis(self) -> int:
        return 3000


def answer(member_id: str, points: int, currency: str, item_points: list[int], authorization: str) -> dict[str, Any]:
    return {"redemption_id": "rd-1", "member_id": member_id, "points": points, "currency": currency,
            "total": sum(item_points), "authorised": authorization.startswith("Bearer "),
            "status": "accepted"}  # fmt: skip
