"""Open a door as each cloud does: real event shapes, the real context, the real wiring on engines of the test's own.

def test_x(at):                     # `at` runs the test twice: as Lambda (cell eu) and as SCF (cell cn)
    answer = at.call("fx", "GET", "/v1/fx/rates", query={"base": "CNY"})
    assert answer.status == 200
"""

from __future__ import annotations

import base64
import importlib.util
import itertools
import json
import os
import time
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple
from urllib.parse import urlencode

from twinshore import wiring
from twinshore.tokens import SigningKey

ROOT = Path(__file__).resolve().parents[2]
SESSION_KEY = SigningKey("k1", bytes(range(32)))
SECRETS: dict[str, str] = {"session_keys": json.dumps([{"id": "k1", "secret": SESSION_KEY.secret.hex()}])}
_request_numbers = itertools.count(1)


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    text: str

    def json(self) -> Any:
        return json.loads(self.text)

    def problem(self) -> str:
        """The slug of the problem document that this answer is."""
        assert self.headers["content-type"].startswith("application/problem+json"), self.text
        document = self.json()
        assert document["status"] == self.status
        assert document["title"]
        assert "request_id" in document
        return str(document["type"]).rsplit("/", 1)[1]


class LambdaContext:
    memory_limit_in_mb = 512

    def __init__(self, door: str, request_id: str) -> None:
        self.function_name = f"twinshore-{door}"
        self.aws_request_id = request_id

    def get_remaining_time_in_millis(self) -> int:
        return 10_000


def load_door(name: str) -> ModuleType:
    """The door's file, loaded by its path, as both clouds do it."""
    file = ROOT / "functions" / name / "index.py"
    spec = importlib.util.spec_from_file_location(f"door_{name}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def aws_event(method: str, path: str, query: str, headers: dict[str, str], body: bytes, ip: str) -> dict[str, Any]:
    """API Gateway HTTP API, payload format 2.0. Bodies that are not text come in base64."""
    event: dict[str, Any] = {
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query,
        "headers": {name.lower(): value for name, value in headers.items()},
        "requestContext": {
            "accountId": "123456789012", "apiId": "api-id", "domainName": "id.execute-api.eu-central-1.amazonaws.com",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": ip, "userAgent": "agent"},
            "requestId": "gateway-id", "routeKey": "$default", "stage": "$default", "timeEpoch": 1790000000000,
        },
        "isBase64Encoded": False,
    }  # fmt: skip
    if body:
        try:
            event["body"] = body.decode()
        except UnicodeDecodeError:
            event["body"], event["isBase64Encoded"] = base64.b64encode(body).decode(), True
    return event


def tencent_event(
    method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes, ip: str
) -> dict[str, Any]:
    """SCF function URL, plain form. A body that is not text is spoilt on its way, as on the platform."""
    lower = {name.lower(): value for name, value in headers.items()}
    return {
        "httpMethod": method, "path": path, "headers": {**lower, "x-scf-remote-addr": ip},
        "queryString": dict(query), "body": body.decode("utf-8", errors="replace"),
    }  # fmt: skip


class Place:
    """One cell, with an embedded store and secrets of its own; doors are opened in its cloud's form."""

    def __init__(self, cell: str, folder: Path, secrets: dict[str, str], outside: dict[str, str]) -> None:
        self.cell = cell
        self.folder = folder
        self.secrets = {**SECRETS, **secrets}
        self.outside = dict(outside)
        self.store = f"sqlite:{folder / 'store.db'}"
        self.rewire()

    def rewire(self, **changes: str) -> None:
        """Write the settings anew and forget what was built: a cold start of every door."""
        file = self.folder / "secrets.json"
        file.write_text(json.dumps(self.secrets))
        os.environ.update(
            TWINSHORE_CELL=self.cell, TWINSHORE_STORE=self.store,
            TWINSHORE_SECRETS=f"file:{file}", TWINSHORE_OUTSIDE=json.dumps(self.outside), **changes,
        )  # fmt: skip
        wiring.reset()

    @property
    def cloud(self) -> str:
        return wiring.cloud()

    def context(self, door: str) -> Any:
        request_id = f"request-{next(_request_numbers)}"
        if self.cloud == "aws":
            return LambdaContext(door, request_id)
        return {"request_id": request_id, "time_limit_in_ms": 10_000, "memory_limit_in_mb": 512,
                "function_name": door, "function_version": "$LATEST", "namespace": "default"}  # fmt: skip

    def call(
        self, door: str, method: str, path: str, *, json_body: Any = None, body: bytes = b"",
        query: dict[str, str] | None = None, headers: dict[str, str] | None = None, token: str = "",
        key: str = "", ip: str = "203.0.113.7",
    ) -> Answer:  # fmt: skip
        sent = dict(headers or {})
        if json_body is not None:
            body = json.dumps(json_body, ensure_ascii=False).encode()
            sent.setdefault("Content-Type", "application/json")
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if key:
            sent["Idempotency-Key"] = key
        if self.cloud == "aws":
            event = aws_event(method, path, urlencode(query or {}), sent, body, ip)
        else:
            event = tencent_event(method, path, query or {}, sent, body, ip)
        return self.invoke(door, event)

    def invoke(self, door: str, event: dict[str, Any]) -> Answer:
        """An HTTP event as it is, through the door's own file."""
        raw = load_door(door).main_handler(event, self.context(door))
        assert json.loads(json.dumps(raw)) == raw, "what a door returns is plain JSON"
        headers = {name.lower(): value for name, value in raw["headers"].items()}
        text = base64.b64decode(raw["body"]).decode("latin-1") if raw.get("isBase64Encoded") else raw["body"]
        return Answer(raw["statusCode"], headers, text)

    def member_token(self, member_id: str = "m_anna", *, now: int | None = None, ttl_seconds: int = 600) -> str:
        """A session token as login issues it."""
        at = int(time.time()) if now is None else now
        return wiring.sessions().issue("member", {"sub": member_id, "sid": "s1"}, ttl_seconds, at)

    def service_token(self, name: str = "crm") -> str:
        return wiring.sessions().issue("service", {"sub": name}, 600, int(time.time()))
