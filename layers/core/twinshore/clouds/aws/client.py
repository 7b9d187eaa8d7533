"""Calls to AWS services with Signature Version 4, on the standard library.

boto3 would cost a cold door 300 ms and more, and repeats a request by itself after a read time-out, which for an e-mail
means that it may arrive twice (docs/decisions/0070). The signature is checked against botocore's own in the tests.
Rules: AWS General Reference, "Create a signed AWS API request".
"""

import hashlib
import hmac
import os
import time
from typing import Any, Mapping, NamedTuple
from urllib.parse import quote, urlsplit

from twinshore import outbound
from twinshore.deadline import LAST_SECONDS
from twinshore.errors import Unavailable

TIMEOUT_SECONDS = 4.0


class Credentials(NamedTuple):
    key_id: str
    secret_key: str
    session_token: str = ""


class NoCredentials(Unavailable):
    """The function has no role. The caller hears 503."""


class Service(NamedTuple):
    """`endpoint`: base URL of a stand-in; empty: the one in AWS_ENDPOINT_URL (as the SDKs do), or the real one."""

    name: str
    """The signing name, e.g. "ses"."""
    host_prefix: str
    """The first label of the real host, e.g. "email"."""
    region: str
    endpoint: str = ""

    def base_url(self) -> str:
        stand_in = self.endpoint or os.environ.get("AWS_ENDPOINT_URL", "")
        return stand_in.rstrip("/") or f"https://{self.host_prefix}.{self.region}.amazonaws.com"


def role_credentials() -> Credentials:
    """The role's temporary keys, from the environment at each call: Lambda renews them with the instance."""
    key_id, secret_key = os.environ.get("AWS_ACCESS_KEY_ID", ""), os.environ.get("AWS_SECRET_ACCESS_KEY", "")
    if not key_id or not secret_key:
        raise NoCredentials()
    return Credentials(key_id, secret_key, os.environ.get("AWS_SESSION_TOKEN", ""))


def post(service: Service, path: str, headers: Mapping[str, str], body: bytes) -> outbound.Reply:
    """One signed POST. Raises outbound.Unreachable, outbound.NoAnswer, NoCredentials."""
    url = service.base_url() + path
    signed = sign(service, role_credentials(), url, headers, body, int(time.time()))
    return outbound.send("POST", url, signed, body, TIMEOUT_SECONDS, LAST_SECONDS)


def sign(
    service: Service, credentials: Credentials, url: str, headers: Mapping[str, str], body: bytes, now: int
) -> dict[str, str]:
    """The headers of a POST, complete with Authorization. `url` has no query. `now`: seconds since the epoch."""
    at = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    parts = urlsplit(url)
    signed = {**{name.lower(): value for name, value in headers.items()}, "host": parts.netloc, "x-amz-date": at}
    if credentials.session_token:
        signed["x-amz-security-token"] = credentials.session_token
    names = sorted(signed)
    header_lines = "".join(f"{name}:{' '.join(signed[name].split())}\n" for name in names)
    digest = hashlib.sha256(body).hexdigest()
    canonical = "\n".join(["POST", quote(parts.path or "/", safe="/~"), "", header_lines, ";".join(names), digest])
    scope = f"{at[:8]}/{service.region}/{service.name}/aws4_request"
    to_sign = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = b"AWS4" + credentials.secret_key.encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    signed["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials.key_id}/{scope}, "
        f"SignedHeaders={';'.join(names)}, Signature={signature}"
    )
    return signed


def dynamodb(region: str) -> Any:
    """The client that the store of an AWS cell is built with."""
    from twinshore.clouds.aws.json_service import dynamodb_service

    return dynamodb_service(region)
