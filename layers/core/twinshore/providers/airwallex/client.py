"""Airwallex: cards, Apple Pay, GrabPay and DANA by PaymentIntents, paid on the page of Airwallex.js."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Mapping

from twinshore.errors import BadRequest, Problem
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
from twinshore.providers.airwallex.account import Account
from twinshore.providers.airwallex.amounts import from_airwallex, with_amount
from twinshore.providers.airwallex.status import REFUND_STATUS, event_notice, fetched_notice, refusal
from twinshore.providers.airwallex.verify import check
from twinshore.providers.configuration import ProviderNotConfigured, ProviderSecret
from twinshore.providers.exchange import ask, json_object

if TYPE_CHECKING:
    from twinshore.money import Money
    from twinshore.providers.exchange import Send

API_VERSION = "2025-02-14"
"""Pinned: the shapes in `status` are those of this version. Set the webhook subscription to the same one."""
TOKEN_SECONDS = 25 * 60
"""A token lives for 30 minutes; one that ends earlier is answered with 401, and another is asked for."""
_METHODS = {"card": "card", "apple_pay": "applepay", "grabpay": "grabpay", "dana": "dana"}
_KEPT = Acknowledgement(200, b"{}", "application/json")


class Airwallex:
    """The PaymentProvider of Airwallex."""

    def __init__(self, base_url: str, account: Account, *, send: Send) -> None:
        if not account.client_id or not account.api_key:
            raise ProviderNotConfigured("airwallex has no key to call with.")
        if not account.webhook_secrets or not all(account.webhook_secrets):
            raise ProviderNotConfigured("airwallex has no secret to verify with.")
        self._base_url = base_url.rstrip("/")
        self._account = account
        self._send = send
        self._token = ""
        self._token_until = 0

    def create(self, attempt: Attempt, now: int) -> Started:
        """A request that was made before is answered as a duplicate, not with its result: then the intent is found by
        our reference. It does not expire by itself: the payments room closes it when the attempt's time is over."""
        method = _METHODS.get(attempt.method, "")
        if attempt.method and not method:
            raise ProviderRefused(reason="method")
        fields = {
            "request_id": attempt.reference,
            "merchant_order_id": attempt.reference,
            "currency": attempt.amount.currency,
            "metadata": {"order_id": attempt.order_id},
            **({"return_url": attempt.return_url} if attempt.return_url else {}),
        }
        body = with_amount(fields, attempt.amount)
        made = self._once("/pa/payment_intents/create", body, now) or self._find(attempt.reference, "", now)
        if made is None:
            raise OutcomeUnknown("The payment provider does not find the payment yet.")
        _check_amount(made, attempt.amount)
        if not isinstance(made.get("id"), str) or not isinstance(made.get("client_secret"), str):
            raise OutcomeUnknown("The payment provider's answer names no payment.")
        client = {"intent_id": made["id"], "client_secret": made["client_secret"], "currency": attempt.amount.currency}
        return Started(made["id"], {**client, **({"methods": [method]} if method else {})})

    def query(self, reference: str, provider_id: str, now: int) -> Notice:
        intent = self._find(reference, provider_id, now)
        if intent is None:
            return Notice(f"query:{reference or provider_id}:none", reference, provider_id, CREATED, None, 0)
        notice = fetched_notice(intent)
        return notice if notice.reference else notice._replace(reference=reference)

    def close(self, reference: str, provider_id: str, now: int) -> None:
        """Repeatable: each try is a request of its own."""
        intent = self._find(reference, provider_id, now)
        if intent is None or intent.get("status") == "CANCELLED":
            return
        target = f"/pa/payment_intents/{_part(intent['id'])}"
        try:
            self._call("POST", f"{target}/cancel", now, _json({"request_id": f"close-{reference}-{now}"}))
        except ProviderRefused as refused:
            if refused.extensions.get("reason") not in ("wrong_state", "reference_used"):
                raise
            status = self._call("GET", target, now).get("status")
            if status != "CANCELLED":
                reason = "already_paid" if status == "SUCCEEDED" else "in_process"
                raise ProviderRefused(reason=reason) from None

    def refund(
        self, reference: str, provider_id: str, refund_reference: str, amount: Money, total: Money, now: int
    ) -> str:
        """Always in the captured currency. `total` is not asked for by Airwallex: it knows what was captured."""
        found = provider_id or str((self._find(reference, "", now) or {}).get("id", ""))
        if not found:
            raise OutcomeUnknown("The payment provider does not find the payment yet.")
        metadata = {"reference": reference, "refund_reference": refund_reference}
        fields = {"request_id": f"refund-{refund_reference}", "payment_intent_id": found, "metadata": metadata}
        made = self._once("/pa/refunds/create", with_amount(fields, amount), now)
        if made is None:
            made = self._first("/pa/refunds", "payment_intent_id", found, {"metadata": metadata}, now)
        if made is None:
            raise OutcomeUnknown("The payment provider does not find the refund yet.")
        _check_amount(made, amount)
        return REFUND_STATUS.get(str(made.get("status")), PENDING)

    def capture(self, reference: str, provider_id: str, returned: Mapping[str, str], amount: Money, now: int) -> Notice:
        """Airwallex captures by itself, unless the account is set otherwise: then we take it."""
        intent = self._find(reference, provider_id, now)
        if intent is None:
            raise OutcomeUnknown("The payment provider does not find the payment yet.")
        if intent.get("status") == "REQUIRES_CAPTURE":
            target = f"/pa/payment_intents/{_part(intent['id'])}"
            body = with_amount({"request_id": f"capture-{reference}"}, amount)
            intent = self._once(f"{target}/capture", body, now) or self._call("GET", target, now)
        notice = fetched_notice(intent)
        return notice if notice.reference else notice._replace(reference=reference)

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: int) -> tuple[list[Notice], Acknowledgement]:
        """See the port."""
        timestamp, signature = headers.get("x-timestamp", ""), headers.get("x-signature", "")
        check(timestamp, signature, body, self._account.webhook_secrets, now)
        try:
            event = json.loads(body, parse_float=str)
        except ValueError:
            raise BadRequest("The event is not JSON.") from None
        if not isinstance(event, dict):
            raise BadRequest("The event is not a JSON object.")
        notice = event_notice(event)
        return ([] if notice is None else [notice]), _KEPT

    def _find(self, reference: str, provider_id: str, now: int) -> dict[str, Any] | None:
        """By its id, or by our reference. The list tells less than the intent itself, so that is fetched."""
        wanted = {"merchant_order_id": reference}
        if not provider_id:
            listed = self._first("/pa/payment_intents", "merchant_order_id", reference, wanted, now)
            provider_id = str((listed or {}).get("id") or "")
        try:
            return self._call("GET", f"/pa/payment_intents/{_part(provider_id)}", now) if provider_id else None
        except ProviderRefused as refused:
            if refused.extensions.get("reason") != "not_found":
                raise
            return None

    def _first(self, target: str, by: str, value: str, members: Mapping[str, Any], now: int) -> dict[str, Any] | None:
        """The first of a list that has all `members`, nested ones too."""
        items = self._call("GET", f"{target}?{by}={_part(value)}&page_size=100", now).get("items")
        for item in items if isinstance(items, list) else []:
            if isinstance(item, dict) and _holds(item, members):
                return item
        return None

    def _once(self, target: str, body: bytes, now: int) -> dict[str, Any] | None:
        """None: the same request was made before."""
        try:
            return self._call("POST", target, now, body)
        except ProviderRefused as refused:
            if refused.extensions.get("reason") != "reference_used":
                raise
            return None

    def _call(self, method: str, target: str, now: int, body: bytes = b"") -> dict[str, Any]:
        """JSON both ways, numbers with a point as text. Raises ProviderRefused, Unavailable, OutcomeUnknown."""
        fresh = now >= self._token_until
        if fresh:
            self._log_in(now)
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        status, answer = self._ask(method, target, headers, body)
        if status == 401:
            # Refused at the gate, so surely not carried out. A kept token may be stale: once more with a new one.
            self._token_until = 0
            if not fresh:
                return self._call(method, target, now, body)
        if status >= 400:
            raise refusal(status, answer)
        return answer

    def _log_in(self, now: int) -> None:
        headers = {"x-client-id": self._account.client_id, "x-api-key": self._account.api_key}
        status, answer = self._ask("POST", "/authentication/login", headers, b"")
        if status >= 400:
            raise refusal(status, answer)
        if not isinstance(answer.get("token"), str):
            raise OutcomeUnknown("The payment provider's answer names no token.")
        self._token, self._token_until = answer["token"], now + TOKEN_SECONDS

    def _ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        url = f"{self._base_url}/api/v1{target}"
        reply = ask(self._send, method, url, {**headers, "x-api-version": API_VERSION}, body)
        return reply.status, json_object(reply.body, parse_float=str)


def airwallex_from_secret(base_url: str, secret_json: str, *, send: Send) -> Airwallex:
    """Build it from the cell's secret, a JSON object: `client_id`, `api_key`, `webhook_secrets` (list), `demo` (true
    for the demo platform, read by `entry`). Raises ProviderNotConfigured naming the member that is missing."""
    secret = ProviderSecret("airwallex", secret_json)
    account = Account(secret.text("client_id"), secret.text("api_key"), secret.texts("webhook_secrets"))
    return Airwallex(base_url, account, send=send)


def _check_amount(made: Mapping[str, Any], asked: Money) -> None:
    """What was made under our reference must be what we ask for."""
    try:
        same = from_airwallex(made.get("amount"), made.get("currency")) == asked
    except Problem:
        raise OutcomeUnknown("The payment provider's answer names no amount.") from None
    if not same:
        raise ProviderRefused(reason="reference_used")


def _holds(item: Mapping[str, Any], members: Mapping[str, Any]) -> bool:
    for name, wanted in members.items():
        value = item.get(name)
        if isinstance(wanted, dict) and isinstance(value, dict):
            if not _holds(value, wanted):
                return False
        elif value != wanted:
            return False
    return True


def _json(fields: Mapping[str, str]) -> bytes:
    return json.dumps(fields).encode()


def _part(text: str) -> str:
    from urllib.parse import quote

    return quote(str(text), safe="")
