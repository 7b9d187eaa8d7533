"""Mercado Pago: Checkout Pro by the Orders API. One account, with its own token and secret, per currency."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Mapping

from twinshore.errors import BadRequest
from twinshore.payments.port import (
    CAPTURED,
    CLOSED,
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
from twinshore.providers.configuration import ProviderNotConfigured, ProviderSecret
from twinshore.providers.exchange import ask, json_object
from twinshore.providers.mercado_pago.amounts import CURRENCIES, to_mercado_pago
from twinshore.providers.mercado_pago.status import order_notice, paid_transaction, refund_state, refunds_of, refusal
from twinshore.providers.mercado_pago.verify import DATA_ID, TOPIC, check

if TYPE_CHECKING:
    from twinshore.money import Money
    from twinshore.providers.exchange import Send

EXPIRES_AFTER = "PT1H"
"""The same for every order: the time left would make another content of a repeated request. The payments room cancels
what is over before that."""
_KEPT = Acknowledgement(200, b"{}", "application/json")
_ORDER_ID = re.compile(r"[A-Za-z0-9]{1,64}")


class MercadoPago:
    """The PaymentProvider of Mercado Pago. access_tokens: by currency. webhook_secrets: (currency, secret), all live.

    `provider_id` is `<currency>:<order id>`: an order can only be asked for with the token of its account.
    """

    def __init__(
        self,
        base_url: str,
        access_tokens: Mapping[str, str],
        webhook_secrets: tuple[tuple[str, str], ...],
        *,
        send: Send,
    ) -> None:
        unknown = set(access_tokens) - set(CURRENCIES)
        if not access_tokens or not webhook_secrets or unknown or not all(secret for _, secret in webhook_secrets):
            raise ProviderNotConfigured("mercado_pago has no account to call or no secret to verify with.")
        self._base_url = base_url.rstrip("/")
        self._tokens = dict(access_tokens)
        self._secrets = webhook_secrets
        self._send = send

    def create(self, attempt: Attempt, now: int) -> Started:
        """The idempotency key is kept; within its time the same attempt is the same order."""
        amount, account = to_mercado_pago(attempt.amount), attempt.amount.currency
        wanted: dict[str, Any] = {
            "type": "online",
            "processing_mode": "manual",  # of Checkout Pro: the payer processes it on Mercado Pago's page
            "capture_mode": "automatic",
            "currency": account,
            "total_amount": amount,
            "external_reference": attempt.reference,
            "description": attempt.description,
            "expiration_time": EXPIRES_AFTER,
            "items": [{"title": attempt.description, "unit_price": amount, "quantity": 1}],
        }
        if attempt.return_url:
            back = dict.fromkeys(("success_url", "failure_url", "pending_url"), attempt.return_url)
            wanted["config"] = {"online": {**back, "auto_return": "all"}}
        made = self._call(account, "POST", "/v1/orders", wanted, f"create-{attempt.reference}")
        order_id, page = made.get("id"), made.get("checkout_url")
        if not isinstance(order_id, str) or not order_id or not isinstance(page, str) or not page:
            raise OutcomeUnknown("The payment provider's answer names no payment.")
        return Started(f"{account}:{order_id}", {"redirect_url": page})

    def query(self, reference: str, provider_id: str, now: int) -> Notice:
        """An order whose id never reached us has shown nobody its page, so nobody can have paid it: CREATED."""
        account, order = self._order(provider_id)
        if order is None:
            return Notice(f"query:{reference or provider_id}:none", reference, provider_id, CREATED, None, 0)
        return order_notice(order, account)

    def close(self, reference: str, provider_id: str, now: int) -> None:
        """Repeatable. An order that is paid, or being paid, cannot be cancelled."""
        account, order_id = self._place(provider_id)
        if not order_id:
            return
        try:
            # Not the same key each time: the answer of today is asked for, not that of the last time.
            self._call(account, "POST", f"/v1/orders/{order_id}/cancel", {}, f"close-{reference}-{now}")
        except ProviderRefused as refused:
            if refused.extensions.get("reason") not in ("wrong_state", "closed", "not_found"):
                raise
            state = self.query(reference, provider_id, now).state
            if state == CLOSED or refused.extensions.get("reason") == "not_found":
                return
            paid = state in (CAPTURED, PART_REFUNDED, REFUNDED)
            raise ProviderRefused(reason="already_paid" if paid else "in_process") from None

    def refund(
        self, reference: str, provider_id: str, refund_reference: str, amount: Money, total: Money, now: int
    ) -> str:
        """Part of it needs the id of the payment inside the order, so that is read first. A repetition is answered with
        the first answer, so what was in process then is read again."""
        account, order = self._order(provider_id)
        paid_by = "" if order is None else paid_transaction(order)
        if order is None or not paid_by:
            raise OutcomeUnknown("The payment provider does not show the payment yet.")
        if order.get("external_reference") != reference:
            raise ProviderRefused(reason="not_found")
        part = {"transactions": [{"id": paid_by, "amount": to_mercado_pago(amount)}]}
        wanted = {} if amount == total else part
        target = f"/v1/orders/{order['id']}/refund"
        try:
            made = self._call(account, "POST", target, wanted, f"refund-{refund_reference}")
        except ProviderRefused as refused:
            if refused.extensions.get("reason") != "already_refunded" or amount != total:
                raise
            return REFUNDED  # nothing is left to return: this is what was asked for
        ours = refunds_of(made)[-1:]
        if refund_state(ours) == PENDING and ours:
            _, order = self._order(provider_id)
            ours = [one for one in refunds_of(order or {}) if one.get("id") == ours[0].get("id")] or ours
        return refund_state(ours)

    def capture(self, reference: str, provider_id: str, returned: Mapping[str, str], amount: Money, now: int) -> Notice:
        """Nothing to do: the party captures by itself."""
        return self.query(reference, provider_id, now)

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: int) -> tuple[list[Notice], Acknowledgement]:
        """See the port. The signature covers the order's id and nothing that the body says of it, so the notice is a
        capture of unknown amount: that is fetched. Other topics than `order` are acknowledged. The topic stands in the
        query as well, and where it does, the body has nothing to say and is not read."""
        account = check(headers, self._secrets, now)
        topic = headers.get(TOPIC) or _topic_in(body)
        order_id = headers.get(DATA_ID, "").strip().upper()
        if topic != "order" or not _ORDER_ID.fullmatch(order_id):
            return [], _KEPT
        notice_id = f"{order_id}:{headers.get('x-request-id', '')}"[:128]
        return [Notice(notice_id, "", f"{account}:{order_id}", CAPTURED, None, 0)], _KEPT

    def _place(self, provider_id: str) -> tuple[str, str]:
        """Account and order id; no order id if there is no such account, or none was said."""
        account, _, order_id = provider_id.partition(":")
        return (account, order_id) if account in self._tokens and _ORDER_ID.fullmatch(order_id) else (account, "")

    def _order(self, provider_id: str) -> tuple[str, dict[str, Any] | None]:
        account, order_id = self._place(provider_id)
        if not order_id:
            return account, None
        try:
            return account, self._call(account, "GET", f"/v1/orders/{order_id}")
        except ProviderRefused as refused:
            if refused.extensions.get("reason") != "not_found":
                raise
            return account, None

    def _call(
        self, account: str, method: str, target: str, content: Mapping[str, Any] | None = None, key: str = ""
    ) -> dict[str, Any]:
        """JSON in, JSON out. Raises ProviderRefused, Unavailable, OutcomeUnknown."""
        token = self._tokens.get(account)
        if token is None:
            raise ProviderRefused(reason="currency")
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", "User-Agent": "twinshore"}
        body = b""
        if content is not None:
            headers.update({"Content-Type": "application/json", "X-Idempotency-Key": key})
            body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode() if content else b""
        reply = ask(self._send, method, self._base_url + target, headers, body)
        answer = json_object(reply.body)
        if reply.status >= 400:
            raise refusal(reply.status, answer)
        return answer


def _topic_in(body: bytes) -> object:
    try:
        content = json.loads(body)
    except ValueError:
        raise BadRequest("The notice is not JSON.") from None
    if not isinstance(content, dict):
        raise BadRequest("The notice is not a JSON object.")
    return content.get("type")


def mercado_pago_from_secret(base_url: str, secret_json: str, *, send: Send) -> MercadoPago:
    """Build it from the cell's secret, a JSON object: `access_tokens` and `webhook_secrets` (objects: currency of the
    account → text), `old_webhook_secrets` (the same, while a secret is changed; may be left out).
    Raises ProviderNotConfigured naming the member that is missing."""
    secret = ProviderSecret("mercado_pago", secret_json)
    tokens, secrets = secret.mapping("access_tokens"), secret.mapping("webhook_secrets")
    if not tokens or set(tokens) != set(secrets):
        raise ProviderNotConfigured("Each account of mercado_pago has an access token and a webhook secret.")
    old = secret.mapping("old_webhook_secrets")
    return MercadoPago(base_url, tokens, (*secrets.items(), *old.items()), send=send)
