"""Mistakes on purpose against a real cell, so that a newcomer sees what a problem document looks like."""

from __future__ import annotations

import json
import time
import urllib.request
from typing import Any, NamedTuple

from sandbox.walk import Exchange, exchange, parsed, shown


class Mishap(NamedTuple):
    slug: str
    title: dict[str, str]
    """By language: "en", "zh"."""
    cell: str
    method: str
    path: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


JSON = ("Content-Type", "application/json")
MISHAPS = (
    Mishap("no-such-route", {"en": "A path that nobody serves", "zh": "不存在的路径"}, "eu", "GET", "/v1/nothing"),
    Mishap(
        "broken-json", {"en": "A body that is not JSON", "zh": "请求体不是 JSON"}, "cn", "POST", "/v1/login",
        b'{"code": ', (JSON,),
    ),
    Mishap(
        "wrong-fields", {"en": "A field of the wrong kind", "zh": "字段类型错误"}, "cn", "POST", "/v1/login",
        b'{"code": 42, "colour": "red"}', (JSON,),
    ),
    Mishap("no-session", {"en": "Points without logging in", "zh": "未登录查询积分"}, "cn", "GET", "/v1/points"),
    Mishap(
        "other-shore", {"en": "A European session at the mainland cell", "zh": "欧洲会话访问大陆数据区"}, "cn", "GET",
        "/v1/points", b"", (("Authorization", "Bearer {eu_token}"),),
    ),
    Mishap(
        "odd-currency", {"en": "A currency that does not exist", "zh": "不存在的币种"}, "sea", "GET",
        "/v1/fx/rates?base=CNY&quote=ABC",
    ),
    Mishap(
        "forged-webhook", {"en": "A forged payment notice", "zh": "伪造的支付回调"}, "eu", "POST",
        "/v1/webhooks/stripe", b'{"type": "payment_intent.succeeded"}',
        (JSON, ("Stripe-Signature", "t={now},v1=" + "0" * 64)),
    ),
)  # fmt: skip


def make(slug: str, language: str, cells: dict[str, str]) -> Exchange:
    """Raises KeyError for a mistake that is not on the list."""
    mishap = {each.slug: each for each in MISHAPS}[slug]
    facts = {"eu_token": _unsigned_token_of("eu"), "now": str(int(time.time()))}
    headers = {name: value.format(**facts) for name, value in mishap.headers} | {"Accept-Language": language}
    began = time.monotonic()
    request = urllib.request.Request(
        cells[mishap.cell] + mishap.path, mishap.body or None, headers, method=mishap.method
    )
    status, raw = exchange(request)
    spent_ms = round((time.monotonic() - began) * 1000, 1)
    sent: Any = mishap.body.decode() or None
    return Exchange(f"cell {mishap.cell}", mishap.method, mishap.path, status, spent_ms, sent, shown(parsed(raw)))


def listed() -> list[dict[str, Any]]:
    return [{"slug": mishap.slug, "title": mishap.title} for mishap in MISHAPS]


def _unsigned_token_of(cell: str) -> str:
    """A token that names its cell and proves nothing: enough for the wrong cell to say where to go."""
    from base64 import urlsafe_b64encode

    claims = urlsafe_b64encode(json.dumps({"iss": cell}).encode()).rstrip(b"=").decode()
    return f"e30.{claims}.AAAA"
