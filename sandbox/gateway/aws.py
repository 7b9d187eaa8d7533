"""AWS Lambda's side of the gateway: the event, the context object, and the answer turned back.

Shapes from the public developer guides: API Gateway HTTP APIs, payload format 2.0, and Lambda function URLs (which
use the same format). Both hand over a text body as text and any other body as base64.
"""

from __future__ import annotations

import base64
import time
from typing import Any, Mapping
from urllib.parse import unquote_plus

from sandbox.gateway.http_request import HttpAnswer, HttpRequest

API_GATEWAY = "api-gateway"
FUNCTION_URL = "function-url"
TIMEOUT_SECONDS = 29
TEXT_TYPES = ("text/", "application/json", "application/javascript", "application/xml")


class LambdaContext:
    """What a Python function on AWS Lambda gets as its second argument."""

    def __init__(self, function_name: str, region: str, request_id: str) -> None:
        self.function_name = function_name
        self.function_version = "$LATEST"
        self.memory_limit_in_mb = "512"
        self.aws_request_id = request_id
        self.invoked_function_arn = f"arn:aws:lambda:{region}:000000000000:function:{function_name}"
        self.log_group_name = f"/aws/lambda/{function_name}"
        self.log_stream_name = f"{time.strftime('%Y/%m/%d', time.gmtime())}/[$LATEST]box"
        self.identity = None
        self.client_context = None
        self._ends_at = time.monotonic() + TIMEOUT_SECONDS

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._ends_at - time.monotonic()) * 1000))


def http_event(request: HttpRequest, shape: str, domain: str) -> dict[str, Any]:
    """`shape` is API_GATEWAY or FUNCTION_URL. Path, query and header values are as the client sent them."""
    headers = _with_forwarding(request, domain)
    cookie = headers.pop("cookie", "")
    body, is_base64 = _body(request.body, headers.get("content-type", ""), headers.get("content-encoding", ""))
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": _request_context(request, headers, shape, domain),
        "isBase64Encoded": is_base64,
    }
    # Absent, not empty, is what both services send for what the request did not have.
    if cookie:
        event["cookies"] = [part.strip() for part in cookie.split(";")]
    if request.query:
        event["queryStringParameters"] = _joined_query(request.query)
    if request.body:
        event["body"] = body
    return event


def http_answer(result: object) -> HttpAnswer:
    """Payload format 2.0: a dict with `statusCode`; anything else becomes a 200 with that JSON as its body."""
    import json

    if not isinstance(result, dict) or "statusCode" not in result:
        return HttpAnswer(200, (("Content-Type", "application/json"),), json.dumps(result).encode())
    text = result.get("body") or ""
    body = base64.b64decode(text) if result.get("isBase64Encoded") is True else str(text).encode()
    headers = [(str(name), str(value)) for name, value in dict(result.get("headers") or {}).items()]
    headers += [("Set-Cookie", str(cookie)) for cookie in result.get("cookies") or []]
    return HttpAnswer(int(result["statusCode"]), tuple(headers), body)


def failed_answer(shape: str) -> HttpAnswer:
    """What the caller sees when the function raised: API Gateway says 500, a function URL 502."""
    status, body = (
        (500, b'{"message":"Internal Server Error"}') if shape == API_GATEWAY else (502, b"Internal Server Error")
    )
    return HttpAnswer(status, (("Content-Type", "application/json"),), body)


def domain_of(shape: str, region: str) -> str:
    if shape == API_GATEWAY:
        return f"box.execute-api.{region}.amazonaws.com"
    return f"box.lambda-url.{region}.on.aws"


def timer_event(name: str) -> dict[str, Any]:
    """EventBridge Scheduler hands over the `Input` of the schedule, which is ours to write: the job's name."""
    return {"job": name}


def stream_record(sequence: str, region: str, image: Mapping[str, Any], at_seconds: int) -> dict[str, Any]:
    """One record of a DynamoDB stream. `image` is plain JSON; it is written as DynamoDB JSON."""
    typed = dynamodb_json(dict(image))["M"]
    return {
        "eventID": sequence,
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": region,
        "dynamodb": {
            "ApproximateCreationDateTime": at_seconds,
            "Keys": {name: typed[name] for name in ("pk", "sk") if name in typed},
            "NewImage": typed,
            "SequenceNumber": sequence,
            "SizeBytes": len(str(typed)),
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": f"arn:aws:dynamodb:{region}:000000000000:table/twinshore/stream/box",
    }


def dynamodb_json(value: object) -> dict[str, Any]:
    """A JSON value with DynamoDB's type descriptors. Raises TypeError for a float: money is whole."""
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, (list, tuple)):
        return {"L": [dynamodb_json(item) for item in value]}
    if isinstance(value, dict):
        return {"M": {str(name): dynamodb_json(item) for name, item in value.items()}}
    raise TypeError(f"{type(value).__name__} has no place in a stream record")


def _with_forwarding(request: HttpRequest, domain: str) -> dict[str, str]:
    """The headers that both front ends write themselves: a client's own X-Forwarded-For stays in front, unproven."""
    headers = request.folded_headers()
    came_through = headers.get("x-forwarded-for", "")
    forwarded = f"{came_through}, {request.client_ip}" if came_through else request.client_ip
    trace = f"Root=1-{request.at_ms // 1000:08x}-{request.request_id[:24]}"
    written = {"host": domain, "x-forwarded-for": forwarded, "x-forwarded-port": "443", "x-forwarded-proto": "https"}
    return {**headers, **written, "x-amzn-trace-id": trace}


def _body(body: bytes, content_type: str, content_encoding: str) -> tuple[str, bool]:
    plain = content_type.lower().startswith(TEXT_TYPES) or "+json" in content_type or not content_type
    if plain and not content_encoding:
        try:
            return body.decode("utf-8"), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode("ascii"), True


def _joined_query(query: str) -> dict[str, str]:
    joined: dict[str, str] = {}
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        name, value = unquote_plus(name), unquote_plus(value)
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _request_context(request: HttpRequest, headers: dict[str, str], shape: str, domain: str) -> dict[str, Any]:
    prefix = domain.split(".", 1)[0]
    return {
        "accountId": "000000000000" if shape == API_GATEWAY else "anonymous",
        "apiId": prefix,
        "domainName": domain,
        "domainPrefix": prefix,
        "http": {
            "method": request.method,
            "path": request.path,
            "protocol": "HTTP/1.1",
            "sourceIp": request.client_ip,
            "userAgent": headers.get("user-agent", ""),
        },
        "requestId": request.request_id,
        "routeKey": "$default",
        "stage": "$default",
        "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(request.at_ms / 1000)),
        "timeEpoch": request.at_ms,
    }
