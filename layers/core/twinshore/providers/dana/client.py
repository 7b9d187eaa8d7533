"""DANA (Indonesia): its payment gateway by the SNAP standard; the payer pays at DANA's page. Rupiah only."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Mapping, NamedTuple, Sequence

from twinshore.errors import BadRequest
from twinshore.payments.port import (
    CAPTURED,
    CLOSED,
    CREATED,
    PENDING,
    REFUNDED,
    Acknowledgement,
    Attempt,
    Notice,
    OutcomeUnknown,
    ProviderRefused,
    Started,
)
from twinshore.providers.configuration import ProviderSecret
from twinshore.providers.dana.amounts import to_dana
from twinshore.providers.dana.signing import Signer, Verifier
from twinshore.providers.dana.status import code_of, notified, queried, refusal
from twinshore.providers.dana.times import jakarta
from twinshore.providers.exchange import ask, json_object

if TYPE_CHECKING:
    from twinshore.money import Money
    from twinshore.providers.exchange import Send

_KEPT = Acknowledgement(200, b'{"responseCode":"2005600","responseMessage":"Successful"}', "application/json")
_PATH = "/payment-gateway/v1.0/debit"
_CHANNEL = "95221"
"""What DANA's own clients send as CHANNEL-ID."""
_ORDER_SERVICE = "54"
_TITLE_CHARACTERS = 64
_DONE, _IN_PROGRESS = "200", "202"


class Merchant(NamedTuple):
    partner_id: str
    merchant_id: str
    category: str
    """Merchant category code (ISO 18245)."""
    private_key_pem: str
    origin: str = ""
    """What is sent as ORIGIN, where DANA has asked for one."""


class Dana:
    """The PaymentProvider of DANA. public_keys: DANA's, PEM, all live. notify_path: of our webhook, as it is called."""

    def __init__(
        self,
        base_url: str,
        merchant: Merchant,
        public_keys: Sequence[str],
        notify_path: str,
        *,
        send: Send,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._merchant = merchant
        self._signer = Signer(merchant.private_key_pem)
        self._verifier = Verifier(public_keys, notify_path)
        self._send = send

    def create(self, attempt: Attempt, now: int) -> Started:
        """The same attempt is the same order; other content under its number is refused."""
        order = {
            "partnerReferenceNo": attempt.reference,
            "merchantId": self._merchant.merchant_id,
            "amount": to_dana(attempt.amount),
            "validUpTo": jakarta(attempt.expires_at),
            "urlParams": [
                {"url": attempt.return_url, "type": "PAY_RETURN", "isDeeplink": "N"},
                {"url": attempt.notify_url, "type": "NOTIFICATION", "isDeeplink": "N"},
            ],
            "additionalInfo": {
                "mcc": self._merchant.category,
                "order": {"orderTitle": attempt.description[:_TITLE_CHARACTERS], "scenario": "REDIRECT"},
                "envInfo": {"sourcePlatform": "IPG", "terminalType": "SYSTEM", "orderTerminalType": "WEB"},
            },
        }
        status, made = self._call("payment-host-to-host", order, now)
        url = made.get("webRedirectUrl")
        if status != _DONE or not isinstance(url, str) or not url:
            raise OutcomeUnknown("The payment provider's answer names no order.")
        return Started(str(made.get("referenceNo") or ""), {"redirect_url": url})

    def query(self, reference: str, provider_id: str, now: int) -> Notice:
        """By our number, or by DANA's when that is all we know. It tells nothing of refunds in part."""
        by = {"originalPartnerReferenceNo": reference} if reference else {"originalReferenceNo": provider_id}
        wanted = {**by, "serviceCode": _ORDER_SERVICE, "merchantId": self._merchant.merchant_id}
        try:
            _, found = self._call("status", wanted, now)
        except ProviderRefused as refused:
            if refused.extensions.get("reason") != "not_found":
                raise
            return Notice(f"query:{reference}:none", reference, provider_id, CREATED, None, 0)
        try:
            return queried(reference, found)
        except BadRequest as err:
            raise OutcomeUnknown("The payment provider's answer cannot be read.") from err

    def close(self, reference: str, provider_id: str, now: int) -> None:
        """Repeatable. It asks first: cancelling a paid order would give the money back (docs/decisions/0112)."""
        state = self.query(reference, provider_id, now).state
        if state == CREATED:
            state = self._cancel(reference, now)
        if state == CAPTURED:
            raise ProviderRefused(reason="already_paid")
        if state not in (CREATED, CLOSED, REFUNDED):
            raise OutcomeUnknown("The order is being paid.")

    def refund(
        self, reference: str, provider_id: str, refund_reference: str, amount: Money, total: Money, now: int
    ) -> str:
        """A refund sends no notice: sent again with the same number, it answers how far it is."""
        wanted = {
            "merchantId": self._merchant.merchant_id,
            "originalPartnerReferenceNo": reference,
            "partnerRefundNo": refund_reference,
            "refundAmount": to_dana(amount),
            "reason": "refund",
        }
        status, _ = self._call("refund", wanted, now)
        return REFUNDED if status == _DONE else PENDING

    def capture(self, reference: str, provider_id: str, returned: Mapping[str, str], amount: Money, now: int) -> Notice:
        """Nothing to do: the party captures by itself."""
        return self.query(reference, provider_id, now)

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: int) -> tuple[list[Notice], Acknowledgement]:
        """See the port."""
        self._verifier.check(headers, body, now)
        try:
            told = json.loads(body)
        except ValueError:
            raise BadRequest("The notice is not JSON.") from None
        if not isinstance(told, dict) or told.get("merchantId") != self._merchant.merchant_id:
            raise BadRequest("The notice is not about a payment of this merchant.")
        return [notified(told)], _KEPT

    def _cancel(self, reference: str, now: int) -> str:
        """The state after it: CLOSED, or what stood in the way."""
        wanted = {"originalPartnerReferenceNo": reference, "merchantId": self._merchant.merchant_id, "reason": "closed"}
        try:
            status, _ = self._call("cancel", wanted, now)
        except ProviderRefused as refused:
            reason = refused.extensions.get("reason")
            if reason == "not_found":
                return CREATED  # DANA never heard of it: there is nothing that could be paid
            if reason not in ("wrong_state", "not_allowed", "closed"):
                raise
            state = self.query(reference, "", now).state
            if state == CREATED:
                raise
            return state
        return CLOSED if status == _DONE else PENDING

    def _call(self, name: str, content: Mapping[str, Any], now: int) -> tuple[str, dict[str, Any]]:
        """ "200" or "202", and the answer. Raises ProviderRefused, Unavailable, OutcomeUnknown."""
        path = f"{_PATH}/{name}.htm"
        body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "CHANNEL-ID": _CHANNEL,
            "X-PARTNER-ID": self._merchant.partner_id,
            # DANA refuses one that it has seen that day: what makes a repetition the same is the number in the body.
            "X-EXTERNAL-ID": os.urandom(16).hex(),
            **({"ORIGIN": self._merchant.origin} if self._merchant.origin else {}),
            **self._signer.headers(path, body, now),
        }
        reply = ask(self._send, "POST", self._base_url + path, headers, body)
        answer = json_object(reply.body)
        status, case = code_of(answer)
        if status not in (_DONE, _IN_PROGRESS):
            raise refusal(status, case)
        if reply.status >= 400:
            raise OutcomeUnknown("The payment provider says yes and no.")
        return status, answer


def dana_from_secret(base_url: str, secret_json: str, notify_url: str, *, send: Send) -> Dana:
    """Build it from the cell's secret, a JSON object: `partner_id`, `merchant_id`, `merchant_category` (four digits),
    `private_key_pem` (ours, PKCS #8), `dana_public_keys` (list of PEM), `origin` (may be left out).
    Raises ProviderNotConfigured naming the member that is missing."""
    secret = ProviderSecret("dana", secret_json)
    merchant = Merchant(
        secret.text("partner_id"),
        secret.text("merchant_id"),
        secret.text("merchant_category"),
        secret.text("private_key_pem"),
        secret.optional_text("origin"),
    )
    path = "/" + notify_url.partition("://")[2].partition("/")[2]
    return Dana(base_url, merchant, secret.texts("dana_public_keys"), path, send=send)
