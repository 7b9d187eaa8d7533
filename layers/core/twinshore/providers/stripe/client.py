"""Stripe: cards, Apple Pay, GrabPay by PaymentIntents, with the standard library. Theirs costs 120 ms and 13 MB."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Mapping, Sequence

from twinshore.errors import BadRequest
from twinshore.payments.port import (
    CREATED,
    PENDING,
    Acknowledgement,
    Attempt,
    Notice,
    OutcomeUnknown,
    ProviderRefused,
    Started,
)
from twinshore.providers.configuration import ProviderNotConfigured, ProviderSecret
from twinshore.providers.exchange import ask, json_object
from twinshore.providers.stripe.amounts import to_stripe
from twinshore.providers.stripe.status import REFUND_STATUS, event_notice, fetched_notice, refusal
from twinshore.providers.stripe.verify import check

if TYPE_CHECKING:
    from twinshore.money import Money
    from twinshore.providers.exchange import Send

API_VERSION = "2025-09-30.clover"
"""Pinned: the shapes in `status` are those of this version. Set the webhook endpoint to the same one."""
_GRABPAY = ("SGD", "MYR")
_KEPT = Acknowledgement(200, b"{}", "application/json")


class Stripe:
    """The PaymentProvider of Stripe. webhook_secrets: every live endpoint secret (`whsec_…`)."""

    def __init__(
        self,
        base_url: str,
        secret_key: str,
        webhook_secrets: Sequence[str],
        *,
        publishable_key: str = "",
        send: Send,
    ) -> None:
        if not secret_key or not webhook_secrets or not all(webhook_secrets):
            raise ProviderNotConfigured("stripe has no key to call or to verify with.")
        self._base_url = base_url.rstrip("/")
        self._secret_key = secret_key
        self._webhook_secrets = tuple(webhook_secrets)
        self._publishable_key = publishable_key
        self._send = send

    def create(self, attempt: Attempt, now: int) -> Started:
        """The idempotency key is kept for a day at least; within it the same attempt is the same PaymentIntent.
        A PaymentIntent does not expire by itself: the payments room closes it when the attempt's time is over."""
        fields = {
            "amount": str(to_stripe(attempt.amount)),
            "currency": attempt.amount.currency.lower(),
            "payment_method_types[]": _method(attempt),
            "description": attempt.description,
            "metadata[order_id]": attempt.order_id,
            "metadata[reference]": attempt.reference,
        }
        made = self._call("POST", "/v1/payment_intents", fields, f"create-{attempt.reference}")
        if not isinstance(made.get("id"), str) or not isinstance(made.get("client_secret"), str):
            raise OutcomeUnknown("The payment provider's answer names no payment.")
        client = {"client_secret": made["client_secret"]}
        if self._publishable_key:
            client["publishable_key"] = self._publishable_key
        if attempt.method == "grabpay" and attempt.return_url:
            client["return_url"] = (
                attempt.return_url
            )  # `confirmPayment` wants it: the payer goes to Grab and comes back
        return Started(made["id"], client)

    def query(self, reference: str, provider_id: str, now: int) -> Notice:
        """Without the provider's id the payment is searched by our reference. The search lags by up to a minute, which
        is harmless: an answer to `create` that we never had gave no payer the means to pay."""
        intent = self._find(reference, provider_id)
        if intent is None:
            return Notice(f"query:{reference or provider_id}:none", reference, provider_id, CREATED, None, 0)
        notice = fetched_notice(intent)
        return notice if notice.reference else notice._replace(reference=reference)

    def close(self, reference: str, provider_id: str, now: int) -> None:
        """Repeatable."""
        found = provider_id or str((self._find(reference, "") or {}).get("id", ""))
        if not found:
            return
        try:
            self._call("POST", f"/v1/payment_intents/{_part(found)}/cancel", {})
        except ProviderRefused as refused:
            if refused.extensions.get("reason") != "wrong_state":
                raise
            status = (self._find(reference, found) or {}).get("status")
            if status == "canceled":
                return
            raise ProviderRefused(reason="already_paid" if status == "succeeded" else "in_process") from None

    def refund(
        self, reference: str, provider_id: str, refund_reference: str, amount: Money, total: Money, now: int
    ) -> str:
        """Always in the captured currency. `total` is not asked for by Stripe: it knows what was captured."""
        found = provider_id or str((self._find(reference, "") or {}).get("id", ""))
        if not found:
            raise OutcomeUnknown("The payment provider does not find the payment yet.")
        fields = {
            "payment_intent": found,
            "amount": str(to_stripe(amount)),
            "metadata[reference]": reference,
            "metadata[refund_reference]": refund_reference,
        }
        made = self._call("POST", "/v1/refunds", fields, f"refund-{refund_reference}")
        return REFUND_STATUS.get(str(made.get("status")), PENDING)

    def capture(self, reference: str, provider_id: str, returned: Mapping[str, str], amount: Money, now: int) -> Notice:
        """Nothing to do: the party captures by itself."""
        return self.query(reference, provider_id, now)

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: int) -> tuple[list[Notice], Acknowledgement]:
        """See the port."""
        check(headers.get("stripe-signature", ""), body, self._webhook_secrets, now)
        try:
            event = json.loads(body)
        except ValueError:
            raise BadRequest("The event is not JSON.") from None
        if not isinstance(event, dict):
            raise BadRequest("The event is not a JSON object.")
        notice = event_notice(event)
        return ([] if notice is None else [notice]), _KEPT

    def read(self, target: str) -> dict[str, Any]:
        """A JSON object. Raises ProviderRefused, Unavailable, OutcomeUnknown."""
        return self._call("GET", target)

    def _find(self, reference: str, provider_id: str) -> dict[str, Any] | None:
        if not provider_id:
            query = f"metadata['reference']:'{reference}'"
            target = f"/v1/payment_intents/search?query={_part(query)}&expand[]=data.latest_charge"
            found = self._call("GET", target).get("data")
            return found[0] if isinstance(found, list) and found else None
        try:
            return self._call("GET", f"/v1/payment_intents/{_part(provider_id)}?expand[]=latest_charge")
        except ProviderRefused as refused:
            if refused.extensions.get("reason") != "not_found":
                raise
            return None

    def _call(
        self, method: str, target: str, fields: Mapping[str, str] | None = None, idempotency_key: str = ""
    ) -> dict[str, Any]:
        """Form in, JSON out. Raises ProviderRefused, Unavailable, OutcomeUnknown."""
        from urllib.parse import urlencode

        headers = {"Authorization": f"Bearer {self._secret_key}", "Stripe-Version": API_VERSION}
        if fields is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        reply = ask(self._send, method, self._base_url + target, headers, urlencode(fields or {}).encode())
        answer = json_object(reply.body)
        if reply.status >= 400:
            error = answer.get("error")
            raise refusal(reply.status, error if isinstance(error, dict) else {})
        return answer


def stripe_from_secret(base_url: str, secret_json: str, *, send: Send) -> Stripe:
    """Build it from the cell's secret, a JSON object: `secret_key` (sk_… or rk_…), `webhook_secrets` (list of whsec_…),
    `publishable_key` (pk_…, for the payer's device; may be left out).
    Raises ProviderNotConfigured naming the member that is missing."""
    secret = ProviderSecret("stripe", secret_json)
    return Stripe(
        base_url,
        secret.text("secret_key"),
        secret.texts("webhook_secrets"),
        publishable_key=secret.optional_text("publishable_key"),
        send=send,
    )


def _method(attempt: Attempt) -> str:
    """Stripe's type of the method: the payer gets what they chose, whatever else the account has switched on. Apple Pay
    is a card in a wallet. Raises ProviderRefused for a method that it does not carry in this currency."""
    names = {"": "card", "card": "card", "apple_pay": "card"}
    names["grabpay"] = "grabpay" if attempt.amount.currency in _GRABPAY else ""
    found = names.get(attempt.method)
    if not found:
        raise ProviderRefused(reason="method")
    return found


def _part(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")
