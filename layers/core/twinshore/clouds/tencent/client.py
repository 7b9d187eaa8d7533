"""Calls to Tencent Cloud's API 3.0 with TC3-HMAC-SHA256, on the standard library.

The official SDK costs a cold function 300 ms (it brings `requests`) and folds "not sent" and "sent, no answer" into one
ClientNetworkError; for an e-mail the difference decides whether it may be sent again (docs/decisions/0070). The
signature is checked in the tests by a twin that the official SDK also passes.
Rules: Tencent Cloud API documentation, "Signature method v3".
"""

import hashlib
import hmac
import json
import os
import time
from typing import Any, Mapping, NamedTuple
from urllib.parse import urlsplit

from twinshore import outbound
from twinshore.errors import Unavailable

TIMEOUT_SECONDS = 4.0
CONTENT_TYPE = "application/json; charset=utf-8"


class Credentials(NamedTuple):
    key_id: str
    secret_key: str
    session_token: str = ""


class NoCredentials(Unavailable):
    """The function has no execution role. The caller hears 503."""


class Service(NamedTuple):
    """`endpoint`: base URL of a stand-in; empty: the real one."""

    name: str
    """Product name, e.g. "ssm"; the first label of its host and part of the signature."""
    version: str
    region: str
    endpoint: str = ""

    def base_url(self) -> str:
        return self.endpoint.rstrip("/") or f"https://{self.name}.tencentcloudapi.com"


class Refusal(Exception):
    """The service answered with an error: nothing was done, unless `code` is an InternalError."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def role_credentials() -> Credentials:
    """The role's temporary keys, from the environment at each call: they live six hours at most.

    SCF's names have no underscore inside SECRETID; the SDK's own reader looks for others, that SCF never sets.
    """
    key_id, secret_key = os.environ.get("TENCENTCLOUD_SECRETID", ""), os.environ.get("TENCENTCLOUD_SECRETKEY", "")
    if not key_id or not secret_key:
        raise NoCredentials()
    return Credentials(key_id, secret_key, os.environ.get("TENCENTCLOUD_SESSIONTOKEN", ""))


def call(
    service: Service, action: str, params: Mapping[str, object], timeout_seconds: float = TIMEOUT_SECONDS
) -> dict[str, Any]:
    """The `Response` of one action.

    Raises Refusal, NoCredentials, outbound.Unreachable, and outbound.NoAnswer also for an answer that is none
    (a gateway's page): errors of the service itself come with status 200.
    """
    body = json.dumps(params, ensure_ascii=False).encode()
    url = service.base_url() + "/"
    headers = sign(service, role_credentials(), action, url, body, int(time.time()))
    reply = outbound.send("POST", url, headers, body, timeout_seconds)
    try:
        response = json.loads(reply.body)["Response"]
        if not isinstance(response, dict):
            raise TypeError("Response is an object")
        if "Error" in response:
            raise Refusal(str(response["Error"]["Code"]))
    except (ValueError, KeyError, TypeError) as err:
        raise outbound.NoAnswer(f"{service.name}: status {reply.status}, not an answer of the API") from err
    return response


def sign(service: Service, credentials: Credentials, action: str, url: str, body: bytes, now: int) -> dict[str, str]:
    """The headers of a POST, Authorization included. `now`: seconds since the epoch; five minutes off are refused."""
    host = urlsplit(url).netloc
    signed_names = "content-type;host;x-tc-action"
    header_lines = f"content-type:{CONTENT_TYPE}\nhost:{host}\nx-tc-action:{action.lower()}\n"
    canonical = "\n".join(["POST", "/", "", header_lines, signed_names, hashlib.sha256(body).hexdigest()])
    scope = f"{time.strftime('%Y-%m-%d', time.gmtime(now))}/{service.name}/tc3_request"
    to_sign = f"TC3-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = b"TC3" + credentials.secret_key.encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    headers = {
        "content-type": CONTENT_TYPE,
        "host": host,
        "x-tc-action": action,
        "x-tc-version": service.version,
        "x-tc-timestamp": str(now),
        "x-tc-region": service.region,
        "authorization": f"TC3-HMAC-SHA256 Credential={credentials.key_id}/{scope}, "
        f"SignedHeaders={signed_names}, Signature={signature}",
    }
    return {**headers, "x-tc-token": credentials.session_token} if credentials.session_token else headers
