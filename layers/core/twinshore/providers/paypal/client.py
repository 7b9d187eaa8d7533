"""PayPal by Orders v2: the payer approves on PayPal's page, and the money is ours once we capture."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Mapping

from twinshore.errors import BadRequest, Problem
from twinshore.payments.port import (
    AUTHORISED,
    CAPTURED,
    CREATED,
    PART_REFUNDED,
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
from twinshore.providers.exchange import ask
from twinshore.providers.paypal.amounts import from_paypal, to_paypal
from twinshore.providers.paypal.api import Api
from twinshore.providers.paypal.certificates import PRODUCTION, SANDBOX, Certificates
from twinshore.providers.paypal.status import (
    OF_CAPTURE,
    REFUND_STATUS,
    event_notices,
    leading_capture,
    order_notice,
    order_of_capture,
    own_refund,
    purchase_unit,
)
from twinshore.providers.paypal.verify import Verifier

if TYPE_CHECKING:
    from twinshore.money import Money
    from twinshore.providers.exchange import Send

BASE_URL, SANDBOX_BASE_URL = "https://api-m.paypal.com", "https://api-m.sandbox.paypal.com"
_KEPT = Acknowledgement(200, b"{}", "application/json")
# Inside a webhook, which wants its answer soon.
_CERTIFICATE_TIMEOUT_SECONDS = 2.0
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


class PayPal:
    """The PaymentProvider of PayPal."""

    def __init__(self, api: Api, verifier: Verifier) -> None:
        self._api = api
        self._verifier = verifier

    def create(self, attempt: Attempt, now: int) -> Started:
        """PayPal keeps the request id for six hours at least, and an attempt lives for less; a later order under the
        same invoice id cannot be captured a second time. What the payer has not approved in time ends by itself."""
        unit = {
            "custom_id": attempt.reference,
            "invoice_id": attempt.reference,
            "description": attempt.description,
            "amount": to_paypal(attempt.amount),
        }
        context: dict[str, str] = {
            "user_action": "PAY_NOW",
            "shipping_preference": "NO_SHIPPING",
            "locale": {"zh-CN": "zh-CN"}.get(attempt.payer.language, "en-US"),
        }
        if attempt.return_url:
            context.update(return_url=attempt.return_url, cancel_url=attempt.return_url)
        wanted = {
            "intent": "CAPTURE",
            "purchase_units": [unit],
            "payment_source": {"paypal": {"experience_context": context}},
        }
        made = self._api.call("POST", "/v2/checkout/orders", now, wanted, f"create-{attempt.reference}")
        order_id, page = made.get("id"), _approval_page(made)
        if not isinstance(order_id, str) or not order_id or not page:
            raise OutcomeUnknown("The payment provider's answer names no payment.")
        return Started(order_id, {"redirect_url": page, "order_id": order_id})

    def query(self, reference: str, provider_id: str, now: int) -> Notice:
        """PayPal cannot search by our reference. An order whose id never reached us has shown nobody its page, so
        nobody can have paid it: CREATED."""
        order = self._order(self._order_id(provider_id, now), now)
        if order is None:
            return Notice(f"query:{reference or provider_id}:none", reference, provider_id, CREATED, None, 0)
        return order_notice(order)

    def close(self, reference: str, provider_id: str, now: int) -> None:
        """PayPal has no call for it, and needs none: nothing is taken unless we capture. Repeatable."""
        state = self.query(reference, provider_id, now).state
        if state in (CAPTURED, PART_REFUNDED, REFUNDED):
            raise ProviderRefused(reason="already_paid")
        if state == PENDING:
            raise ProviderRefused(reason="in_process")

    def refund(
        self, reference: str, provider_id: str, refund_reference: str, amount: Money, total: Money, now: int
    ) -> str:
        """The order is read first: our reference stands in each refund that we made, so that a repetition is known
        when PayPal has forgotten the request id."""
        order = self._order(self._order_id(provider_id, now), now)
        capture = None if order is None else leading_capture(order)
        if order is None or capture is None or not isinstance(capture.get("id"), str):
            raise OutcomeUnknown("The payment provider does not show the capture yet.")
        if purchase_unit(order).get("custom_id") != reference:
            raise ProviderRefused(reason="not_found")
        earlier = own_refund(order, refund_reference)
        if earlier is not None:
            return earlier
        wanted = {"amount": to_paypal(amount), "custom_id": refund_reference}
        target = f"/v2/payments/captures/{_part(capture['id'])}/refund"
        made = self._api.call("POST", target, now, wanted, f"refund-{refund_reference}")
        return REFUND_STATUS.get(str(made.get("status")), PENDING)

    def capture(self, reference: str, provider_id: str, returned: Mapping[str, str], amount: Money, now: int) -> Notice:
        """The browser brings the order's id as `token`; it is believed as far as the order names this attempt.
        An order is captured once by its nature, so a second call reads. Raises ProviderRefused "declined": the payer
        may go to the same page again and choose another way to fund it."""
        order = self._order(self._order_id(provider_id or returned.get("token", ""), now), now)
        if order is None:
            raise ProviderRefused(reason="not_found")
        found = order_notice(order)
        if found.reference != reference or from_paypal(purchase_unit(order).get("amount")) != amount:
            raise ProviderRefused(reason="not_found")
        if found.state != AUTHORISED:
            return found
        # Another approval is another request: under the same id PayPal would repeat that the first was declined.
        approved = re.sub(r"\D", "", str(order.get("update_time") or order.get("create_time") or ""))[:14]
        target = f"/v2/checkout/orders/{_part(found.provider_id)}/capture"
        try:
            made = self._api.call("POST", target, now, {}, f"capture-{reference}-{approved}")
        except ProviderRefused as refused:
            if refused.extensions.get("reason") != "already_paid":
                raise
            return self.query(reference, found.provider_id, now)
        taken = order_notice(made)
        return taken if taken.reference else taken._replace(reference=reference)

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: int) -> tuple[list[Notice], Acknowledgement]:
        """See the port. The one call to the network that can happen here is the rate-limited certificate download."""
        self._verifier.check(headers, body, now)
        try:
            event = json.loads(body)
        except ValueError:
            raise BadRequest("The event is not JSON.") from None
        if not isinstance(event, dict):
            raise BadRequest("The event is not a JSON object.")
        return event_notices(event), _KEPT

    def _order_id(self, provider_id: str, now: int) -> str:
        """`provider_id` is an order's, or a capture's behind `capture:`. "" if there is no such order."""
        if not provider_id.startswith(OF_CAPTURE):
            return provider_id if _ID.fullmatch(provider_id) else ""
        capture_id = provider_id[len(OF_CAPTURE) :]
        if not _ID.fullmatch(capture_id):
            return ""
        capture = self._found(f"/v2/payments/captures/{_part(capture_id)}", now)
        return "" if capture is None else order_of_capture(capture)

    def _order(self, order_id: str, now: int) -> dict[str, Any] | None:
        return self._found(f"/v2/checkout/orders/{_part(order_id)}", now) if order_id else None

    def _found(self, target: str, now: int) -> dict[str, Any] | None:
        try:
            return self._api.call("GET", target, now)
        except ProviderRefused as refused:
            if refused.extensions.get("reason") != "not_found":
                raise
            return None


def paypal_from_secret(base_url: str, secret_json: str, *, send: Send) -> PayPal:
    """Build it from the cell's secret, a JSON object: `client_id`, `client_secret`, `webhook_ids` (list, all live),
    `certificate_roots_pem` (what PayPal's signing certificates must be issued under), `sandbox` (true for PayPal's
    sandbox; may be left out). base_url: of a twin, which then serves the certificates too; "" for PayPal.
    Raises ProviderNotConfigured naming the member that is missing."""
    secret = ProviderSecret("paypal", secret_json)
    place = SANDBOX if secret.flag("sandbox") else PRODUCTION
    certificates_at = base_url.rstrip("/") or f"https://{place.host}"

    def fetch(path: str) -> bytes:
        try:
            reply = ask(send, "GET", certificates_at + path, {}, b"", _CERTIFICATE_TIMEOUT_SECONDS)
        except Problem:
            return b""
        return reply.body if reply.status == 200 else b""

    certificates = Certificates(place, secret.text("certificate_roots_pem"), fetch)
    verifier = Verifier(secret.texts("webhook_ids"), certificates)
    at = base_url or (SANDBOX_BASE_URL if place is SANDBOX else BASE_URL)
    return PayPal(Api(at, secret.text("client_id"), secret.text("client_secret"), send), verifier)


def _approval_page(order: Mapping[str, Any]) -> str:
    links = order.get("links")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and link.get("rel") in ("payer-action", "approve"):
            return str(link.get("href") or "")
    return ""


def _part(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")
