"""A partner's voucher system, in the form of docs/providers/partner_vouchers.md, which is ours to give to partners.

They push news in the form of Standard Webhooks 1.0.0 (https://github.com/standard-webhooks/standard-webhooks), we pull
pages with a bearer token. Nothing of an answer is believed that is not of that form.
"""

from __future__ import annotations

import base64
import json
from typing import Any, Callable, Mapping, NamedTuple
from urllib.parse import quote, urlencode

from twinshore.deployment import Misconfigured
from twinshore.outbound import NoAnswer, Reply, Unreachable, send
from twinshore.providers.partner_vouchers.reading import notice_of, statuses_of
from twinshore.providers.partner_vouchers.signing import verify
from twinshore.rewards.port import ALREADY_USED, VOIDED, Notice, PartnerSilent
from twinshore.rewards.problems import CodesRefused, refused

PAGE = 200
TIMEOUT_SECONDS = 5.0
PREFIX = "whsec_"


class PartnerClient(NamedTuple):
    """Implements `rewards.port.Partner`."""

    url: str
    token: str
    secrets: tuple[bytes, ...]
    """What the partner signs its pushes with: several while it is changed."""
    ask: Callable[..., Reply] = send

    def read(self, headers: Mapping[str, str], body: bytes, now: int) -> Notice:
        verify(self.secrets, headers, body, now)
        try:
            return notice_of(json.loads(body))
        except (ValueError, TypeError, KeyError):
            raise refused(CodesRefused("see docs/providers/partner_vouchers.md")) from None

    def news(self, after: str) -> Notice:
        page = self._get("/v1/news", {"after": after, "limit": str(PAGE)})
        try:
            return notice_of({**page, "next": page["next"]})
        except (ValueError, TypeError, KeyError):
            raise PartnerSilent from None

    def statuses(self, after: str) -> tuple[Mapping[str, str], str]:
        page = self._get("/v1/vouchers", {"after": after, "limit": str(PAGE)})
        try:
            return statuses_of({**page, "items": page["items"]})
        except (ValueError, TypeError, KeyError):
            raise PartnerSilent from None

    def void(self, serial: str) -> str:
        reply = self._send("POST", f"/v1/vouchers/{quote(serial, safe='')}/void")
        status = _json(reply).get("status")
        if reply.status == 200 and status == VOIDED:
            return VOIDED
        if reply.status == 409 and status == ALREADY_USED:
            return ALREADY_USED
        raise PartnerSilent

    def _get(self, path: str, query: dict[str, str]) -> dict[str, Any]:
        reply = self._send("GET", f"{path}?{urlencode({name: value for name, value in query.items() if value})}")
        if reply.status != 200:
            raise PartnerSilent
        return _json(reply)

    def _send(self, method: str, target: str) -> Reply:
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        try:
            return self.ask(method, self.url + target, headers, b"", TIMEOUT_SECONDS)
        except (Unreachable, NoAnswer):
            raise PartnerSilent from None


def partner_of(name: str, secret_json: str, twin: str = "") -> PartnerClient | None:
    """From the secret `reward_partners`: {partner: {"url", "token", "webhook_secrets": ["whsec_..."]}}; None if it has
    no system of its own there. twin: its address in the box. Raises Misconfigured without repeating any of it."""
    try:
        row = json.loads(secret_json).get(name)
        if row is None:
            return None
        secrets = tuple(base64.b64decode(text[len(PREFIX) :], validate=True) for text in row["webhook_secrets"])
        whole = all(text.startswith(PREFIX) for text in row["webhook_secrets"]) and all(secrets)
        client = PartnerClient(twin or str(row["url"]), str(row["token"]), secrets)
    except (ValueError, TypeError, KeyError, AttributeError):
        whole, client = False, PartnerClient("", "", ())
    if not whole or not client.token:
        raise Misconfigured("the secret reward_partners is not as docs/providers/partner_vouchers.md has it")
    return client


def _json(reply: Reply) -> dict[str, Any]:
    try:
        value = json.loads(reply.body)
    except ValueError:
        raise PartnerSilent from None
    if not isinstance(value, dict):
        raise PartnerSilent
    return value
