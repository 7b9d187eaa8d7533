"""Calls to PayPal's REST API with an access token of the client-credentials grant (RFC 6749, section 4.4).

The token is kept in this object, for as long as PayPal gives it, and stands in no error, log line or text of ours.
"""

from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING, Any, Mapping

from twinshore.errors import Unavailable
from twinshore.payments.port import OutcomeUnknown, ProviderRefused
from twinshore.providers.configuration import ProviderNotConfigured
from twinshore.providers.exchange import TIMEOUT_SECONDS, ask, json_object
from twinshore.providers.paypal.status import refusal

if TYPE_CHECKING:
    from twinshore.outbound import Reply
    from twinshore.providers.exchange import Send

_TOKEN_MARGIN_SECONDS = 120
_TOKEN_TIMEOUT_SECONDS = 2.5


class Api:
    def __init__(self, base_url: str, client_id: str, client_secret: str, send: Send) -> None:
        if not client_id or not client_secret:
            raise ProviderNotConfigured("paypal has no credentials to call with.")
        self._base_url = base_url.rstrip("/")
        self._basic = "Basic " + b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._send = send
        self._token, self._token_ends_at = "", 0

    def call(
        self, method: str, target: str, now: int, content: Mapping[str, Any] | None = None, request_id: str = ""
    ) -> dict[str, Any]:
        """JSON in, JSON out. Raises ProviderRefused, Unavailable, OutcomeUnknown."""
        reply = self._exchange(method, target, now, content, request_id)
        if reply.status == 401:
            # Called back before its time; the request was not carried out.
            self._token = ""
            reply = self._exchange(method, target, now, content, request_id)
        answer = json_object(reply.body)
        if reply.status >= 400:
            raise refusal(reply.status, answer)
        return answer

    def _exchange(
        self, method: str, target: str, now: int, content: Mapping[str, Any] | None, request_id: str
    ) -> Reply:
        headers = {
            "Authorization": f"Bearer {self._access_token(now)}",
            "Accept": "application/json",
            "User-Agent": "twinshore",
        }
        body = b""
        if content is not None:
            headers.update({"Content-Type": "application/json", "Prefer": "return=representation"})
            body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        if request_id:
            headers["PayPal-Request-Id"] = request_id
        return ask(self._send, method, self._base_url + target, headers, body, TIMEOUT_SECONDS)

    def _access_token(self, now: int) -> str:
        """Whatever goes wrong here, the request proper was surely not delivered."""
        if self._token and now < self._token_ends_at:
            return self._token
        headers = {
            "Authorization": self._basic,
            "Accept": "application/json",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        url = f"{self._base_url}/v1/oauth2/token"
        try:
            reply = ask(self._send, "POST", url, headers, b"grant_type=client_credentials", _TOKEN_TIMEOUT_SECONDS)
            answer = json_object(reply.body)
        except OutcomeUnknown:
            raise Unavailable("The payment provider gives no access token.") from None
        if reply.status == 429:
            raise Unavailable("The payment provider asks to go slower.")
        if reply.status >= 400:
            raise ProviderRefused(reason="configuration")
        token, lasts = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not token or type(lasts) is not int:
            raise Unavailable("The payment provider gives no access token.")
        self._token, self._token_ends_at = token, now + lasts - _TOKEN_MARGIN_SECONDS
        return token
