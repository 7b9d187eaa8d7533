"""Both clouds' HTTP events in, one Request out; and one answer, in each cloud's form.

The cloud is known from the deployment, never guessed from the event: one parser per family.
Bodies stay the bytes that were sent, for signatures cover them.

Sources: API Gateway HTTP API payload format 2.0 and Lambda function URLs (AWS Lambda Developer Guide); SCF function
URLs, plain and `ApiGwCompatible` form (Tencent Cloud documents 583/96099 and 583/107631).
"""

from typing import Any, Mapping, NamedTuple

from twinshore.errors import BadRequest


class HttpCall(NamedTuple):
    """One HTTP request, the same for both clouds."""

    method: str
    """Upper case."""
    path: str
    query: dict[str, list[str]]
    """Decoded values of each name, in the order sent."""
    headers: dict[str, str]
    """Names in lower case; a repeated header is joined with a comma."""
    body: bytes
    client_ip: str
    """From the platform, never from a header that a client can write; "" if the platform gave none."""
    request_id: str
    remaining_ms: int
    """Time that the platform leaves us, at the start of the call."""


def from_aws(event: Mapping[str, Any], context: Any) -> HttpCall:
    """API Gateway HTTP API (payload 2.0) or Lambda function URL, which share one form. Raises BadRequest."""
    http = event["requestContext"]["http"]
    headers: dict[str, str] = event.get("headers") or {}
    names = "".join(headers)
    if names != names.lower():  # both platforms send small letters; looking costs less than writing all anew
        headers = {name.lower(): value for name, value in headers.items()}
    if event.get("cookies"):
        headers = {**headers, "cookie": "; ".join(event["cookies"])}
    query = event.get("rawQueryString")
    return HttpCall(
        http["method"].upper(),
        event["rawPath"] or "/",
        _parse_query(query) if query else {},
        headers,
        _body_bytes(event.get("body"), event.get("isBase64Encoded") is True),
        http.get("sourceIp", ""),
        request_id_of(context),
        int(context.get_remaining_time_in_millis()) if context is not None else 0,
    )


def from_tencent(event: Mapping[str, Any], context: Mapping[str, Any]) -> HttpCall:
    """SCF function URL: the plain form has `queryString` and no base64 flag; the `ApiGwCompatible` form adds
    `queryStringParameters`, `isBase64Encoded` and `requestContext`. Raises BadRequest."""
    sent = event.get("headers") or {}
    headers: dict[str, str] = {}
    for name, value in sent.items():
        folded = str(name).lower()
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        headers[folded] = f"{headers[folded]}, {text}" if folded in headers else text
    request_context = event.get("requestContext") or {}
    # A client may send a header of this name in another case; the platform's own is in lower case.
    platform_ip = request_context.get("sourceIp") or sent.get("x-scf-remote-addr") or ""
    query = event["queryString"] if "queryString" in event else event.get("queryStringParameters")
    return HttpCall(
        method=str(event["httpMethod"]).upper(),
        path=str(event["path"]) or "/",
        query={str(name): _values(value) for name, value in (query or {}).items()},
        headers=headers,
        body=_body_bytes(event.get("body"), event.get("isBase64Encoded") is True),
        client_ip=_without_port(str(platform_ip)),
        request_id=request_id_of(context),
        remaining_ms=int(context.get("time_limit_in_ms") or 0),
    )


def to_aws(status: int, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    """An answer for API Gateway or a function URL. Text goes as text; other bytes as base64."""
    text, is_base64 = _body_text(body)
    return {"statusCode": status, "headers": headers, "body": text, "isBase64Encoded": is_base64}


def to_tencent(status: int, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    """An answer for an SCF function URL. Without `statusCode` the platform would send the whole object as the body."""
    text, is_base64 = _body_text(body)
    answer: dict[str, Any] = {"statusCode": status, "headers": headers, "body": text}
    if is_base64:
        answer["isBase64Encoded"] = True
    return answer


def request_id_of(context: Any) -> str:
    """The platform's id of this invocation: an attribute on Lambda, a key on SCF; "" if there is none."""
    found = context.get("request_id") if isinstance(context, dict) else getattr(context, "aws_request_id", None)
    return str(found or "")


def _body_bytes(body: object, is_base64: bool) -> bytes:
    if body is None or body == "":
        return b""
    if not isinstance(body, str):
        raise BadRequest("the platform did not hand over a text body")
    if is_base64:
        from base64 import b64decode

        try:
            return b64decode(body, validate=True)
        except ValueError as err:
            raise BadRequest("the body is marked as base64 and is not") from err
    try:
        return body.encode("utf-8")
    except UnicodeEncodeError as err:
        raise BadRequest("the body is not UTF-8 text") from err


def _body_text(body: bytes) -> tuple[str, bool]:
    try:
        return body.decode("utf-8"), False
    except UnicodeDecodeError:
        from base64 import b64encode

        return b64encode(body).decode("ascii"), True


def _parse_query(raw: str) -> dict[str, list[str]]:
    from urllib.parse import parse_qs

    try:
        return parse_qs(raw, keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError as err:
        raise BadRequest("the query is not UTF-8, or has too many fields") from err


def _values(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]


def _without_port(address: str) -> str:
    """`1.2.3.4:5`, `[v6]:5`, `1.2.3.4` or `v6` to the bare address."""
    if address.startswith("["):
        return address[1:].split("]")[0]
    return address.split(":")[0] if address.count(":") == 1 else address
