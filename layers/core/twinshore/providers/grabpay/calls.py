"""The three ways of speaking to GrabPay: as the partner (request HMAC), as the payer (token and proof), for a token."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Mapping

from twinshore.payments.port import OutcomeUnknown
from twinshore.providers.exchange import ask, json_object
from twinshore.providers.grabpay.kept import Kept
from twinshore.providers.grabpay.partner import Partner
from twinshore.providers.grabpay.signing import CONTENT_TYPE, Signed, http_date, proof_of_possession, request_hmac
from twinshore.providers.grabpay.status import refusal

if TYPE_CHECKING:
    from twinshore.providers.exchange import Send


class Calls:
    """Each raises ProviderRefused, Unavailable, OutcomeUnknown. A call without content is a GET."""

    def __init__(self, base_url: str, partner: Partner, send: Send) -> None:
        self._base_url = base_url
        self._partner = partner
        self._send = send

    def as_partner(self, target: str, now: int, content: Mapping[str, Any] | None = None) -> dict[str, Any]:
        body = _body(content)
        signed = Signed("POST" if body else "GET", CONTENT_TYPE, http_date(now), target, body)
        mark = request_hmac(self._partner.partner_secrets[0], signed)
        return self._call(target, body, {"Authorization": f"{self._partner.partner_id}:{mark}"}, now)

    def as_payer(self, token: str, target: str, now: int, content: Mapping[str, Any] | None = None) -> dict[str, Any]:
        proof = proof_of_possession(self._partner.client_secret, token, now)
        return self._call(target, _body(content), {"Authorization": f"Bearer {token}", "X-GID-AUX-POP": proof}, now)

    def token(self, kept: Kept, code: str, now: int) -> str:
        """A payer's access token. ProviderRefused `authorisation_lost`: the code was used already, or is not ours."""
        content = {
            "grant_type": "authorization_code",
            "client_id": self._partner.client_id,
            "client_secret": self._partner.client_secret,
            "code_verifier": kept.verifier,
            "redirect_uri": kept.return_url,
            "code": code,
        }
        token = self._call("/grabid/v1/oauth2/token", _body(content), {}, now).get("access_token")
        if not isinstance(token, str) or not token:
            raise OutcomeUnknown("The payment provider's answer has no token.")
        return token

    def _call(self, target: str, body: bytes, marks: Mapping[str, str], now: int) -> dict[str, Any]:
        headers = {"Accept": CONTENT_TYPE, "Content-Type": CONTENT_TYPE, "Date": http_date(now), **marks}
        reply = ask(self._send, "POST" if body else "GET", self._base_url + target, headers, body)
        answer = json_object(reply.body)
        if reply.status >= 400:
            raise refusal(reply.status, answer)
        return answer


def _body(content: Mapping[str, Any] | None) -> bytes:
    return b"" if content is None else json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
