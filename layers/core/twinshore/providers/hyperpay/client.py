"""HyperPay (OPPWA platform) with its COPYandPAY form: the payer types the card into HyperPay's fields, not ours.

Two things that it lacks are made up for here. A checkout has no idempotency key, so its id is kept sealed under the
attempt's reference; a refund has none either, so it is looked for by its merchantTransactionId before it is asked for.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Mapping

from twinshore.errors import BadRequest
from twinshore.money import decimal_text
from twinshore.payments.port import (
    FAILED,
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
from twinshore.providers.hyperpay.account import Account as Account
from twinshore.providers.hyperpay.capabilities import CAPABILITIES
from twinshore.providers.hyperpay.status import (
    MARK,
    REFUND,
    code_of,
    event_notice,
    fetched_notice,
    refund_state_of,
    refusal,
    slower,
    taken_of,
)
from twinshore.providers.hyperpay.verify import NoticeKeys

if TYPE_CHECKING:
    from twinshore.money import Money
    from twinshore.providers.exchange import Send
    from twinshore.providers.setup import Vault

CHECKOUT_LIFE_SECONDS = 30 * 60
"""HyperPay's own limit; nothing shortens it."""
BRANDS = {"mada": "MADA", "card": "VISA MASTER", "apple_pay": "APPLEPAY"}
MADA_CURRENCY = "SAR"
CREATED_CHECKOUT = "000.200.100"
NO_SUCH_TRANSACTION = "700.400.580"
_LISTS = ("payments", "records", "linkedTransactions")
_KEPT = Acknowledgement(200, b"", "text/plain")


class HyperPay:
    """The PaymentProvider of HyperPay. vault: where open checkouts are kept."""

    def __init__(self, base_url: str, account: Account, vault: Vault, *, send: Send) -> None:
        if not account.access_token or not account.entity_ids or not all(account.entity_ids.values()):
            raise ProviderNotConfigured("hyperpay has no token or no entity to call with.")
        self._base_url = base_url.rstrip("/")
        self._account = account
        self._keys = NoticeKeys(account.webhook_keys)
        self._vault = vault
        self._send = send

    def create(self, attempt: Attempt, now: int) -> Started:
        """A checkout whose id nobody has can be paid by nobody, so a lost answer is asked for anew."""
        entity, content = self._entity(attempt.method), [attempt.method, *attempt.amount]
        _check_currency(attempt)
        held = self._vault.get(attempt.reference)
        if not held:
            checkout, integrity = self._checkout(attempt, entity)
            mine = json.dumps({"content": content, "checkout": checkout, "integrity": integrity})
            # Of two that were made at once the payer hears of one: of the one that is kept.
            held = self._vault.change(attempt.reference, lambda first: (first or mine, now + CHECKOUT_LIFE_SECONDS))
        kept = json.loads(held)
        if kept["content"] != content:
            raise ProviderRefused(reason="reference_used")
        return self._started(attempt, kept["checkout"], kept["integrity"])

    def _checkout(self, attempt: Attempt, entity: str) -> tuple[str, str]:
        """Its id and its mark of integrity."""
        fields = {
            "entityId": entity,
            "amount": decimal_text(attempt.amount),
            "currency": attempt.amount.currency,
            "paymentType": "DB",
            "merchantTransactionId": attempt.reference,
            "integrity": "true",
            "customParameters[order_id]": attempt.order_id,
        }
        if attempt.payer.client_ip:
            fields["customer.ip"] = attempt.payer.client_ip
        if attempt.payer.country:
            fields["billing.country"] = attempt.payer.country
        made = self._call("POST", "/v1/checkouts", fields)
        if code_of(made) != CREATED_CHECKOUT:
            raise refusal(code_of(made))
        checkout, integrity = made.get("id"), made.get("integrity") or ""
        if not isinstance(checkout, str) or not checkout:
            raise OutcomeUnknown("The payment provider's answer names no checkout.")
        return checkout, str(integrity)

    def query(self, reference: str, provider_id: str, now: int) -> Notice:
        """By the reports, not by the checkout: a checkout tells its outcome once."""
        _, transactions = self._find(reference, provider_id)
        return fetched_notice(reference, transactions, self._account.takes_test)

    def close(self, reference: str, provider_id: str, now: int) -> None:
        """A checkout cannot be taken back, it runs out: ProviderRefused "cannot_close" while it lives."""
        state = self.query(reference, provider_id, now).state
        if state == PENDING:
            raise ProviderRefused(reason="in_process")
        if state not in ("created", FAILED):
            raise ProviderRefused(reason="already_paid")
        if self._vault.get(reference):
            raise ProviderRefused(reason="cannot_close")

    def refund(
        self, reference: str, provider_id: str, refund_reference: str, amount: Money, total: Money, now: int
    ) -> str:
        """`total` is not asked for by HyperPay: it knows what it took."""
        entity, transactions = self._find(reference, provider_id)
        taken = taken_of(transactions, self._account.takes_test)
        if taken is None:
            raise OutcomeUnknown("The payment provider does not find the payment yet.")
        name = f"{reference}{MARK}{refund_reference}"
        for earlier in transactions:
            if earlier.get("paymentType") == REFUND and earlier.get("merchantTransactionId") == name:
                return refund_state_of(code_of(earlier), self._account.takes_test)
        fields = {
            "entityId": entity,
            "amount": decimal_text(amount),
            "currency": amount.currency,
            "paymentType": REFUND,
            "merchantTransactionId": name,
        }
        made = self._call("POST", f"/v1/payments/{_part(str(taken['id']))}", fields)
        state = refund_state_of(code_of(made), self._account.takes_test)
        if state == FAILED:
            raise refusal(code_of(made))
        return state

    def capture(self, reference: str, provider_id: str, returned: Mapping[str, str], amount: Money, now: int) -> Notice:
        """Nothing to do: a debit captures by itself. What the browser brings back is not believed, it is asked for."""
        return self.query(reference, provider_id, now)

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: int) -> tuple[list[Notice], Acknowledgement]:
        """See the port."""
        try:
            event = json.loads(self._keys.open(headers, body))
        except ValueError:
            raise BadRequest("The notice is not JSON.") from None
        if not isinstance(event, dict):
            raise BadRequest("The notice is not a JSON object.")
        notice = event_notice(event, self._account.takes_test)
        return ([] if notice is None else [notice]), _KEPT

    def _started(self, attempt: Attempt, checkout: str, integrity: str) -> Started:
        script = f"{self._base_url}/v1/paymentWidgets.js?checkoutId={_part(checkout)}"
        client = {"checkout_id": checkout, "script": script, "integrity": integrity, "brands": BRANDS[attempt.method]}
        return Started("", {**client, "result_url": attempt.return_url} if attempt.return_url else client)

    def _entity(self, method: str) -> str:
        if method not in BRANDS:
            raise ProviderRefused(reason="method")
        if method not in self._account.entity_ids:
            raise ProviderNotConfigured(f"The secret of hyperpay lacks a usable member: entity_ids.{method}.")
        return self._account.entity_ids[method]

    def _find(self, reference: str, provider_id: str) -> tuple[str, list[dict[str, Any]]]:
        """The entity that knows the payment, and its transactions with what is linked to them, e.g. refunds."""
        for entity in dict.fromkeys(self._account.entity_ids.values()):
            known = self._report(entity, provider_id, {} if provider_id else {"merchantTransactionId": reference})
            taken = None if provider_id else taken_of(known, self._account.takes_test)
            if taken is not None:
                known = self._report(entity, str(taken["id"]), {}) or known
            if known:
                return entity, known
        return "", []

    def _report(self, entity: str, payment_id: str, fields: dict[str, str]) -> list[dict[str, Any]]:
        path = f"/v3/query/{_part(payment_id)}" if payment_id else "/v3/query"
        asked = {"entityId": entity, "includeLinkedTransactions": "true", **fields}
        answer = self._call("GET", path, asked)
        found = _transactions(answer)
        if not found and code_of(answer) != NO_SUCH_TRANSACTION and not any(name in answer for name in _LISTS):
            raise OutcomeUnknown("The payment provider's report cannot be read.")
        return found

    def _call(self, method: str, path: str, fields: Mapping[str, str]) -> dict[str, Any]:
        """Form in, JSON out, whatever the result code; the HTTP status says little: a decline may be a 200 or a 400.
        Raises ProviderRefused (our credentials), Unavailable, OutcomeUnknown."""
        from urllib.parse import urlencode

        headers, body = {"Authorization": f"Bearer {self._account.access_token}"}, b""
        if method == "GET":
            path = f"{path}?{urlencode(fields)}"
        else:
            headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
            body = urlencode(fields).encode()
        reply = ask(self._send, method, self._base_url + path, headers, body)
        if reply.status == 429:
            raise slower()
        answer = json_object(reply.body)
        if reply.status in (401, 403):
            raise ProviderRefused(reason="configuration")
        if not code_of(answer):
            raise OutcomeUnknown("The payment provider's answer has no result.")
        return answer


def hyperpay_from_secret(base_url: str, secret_json: str, vault: Vault, *, send: Send) -> HyperPay:
    """Build it from the cell's secret, a JSON object: `access_token`, `entity_ids` (object, entity id by method),
    `webhook_keys` (list of 64 hex digits), `test_mode` (true on eu-test.oppwa.com; may be left out).
    Raises ProviderNotConfigured naming the member that is missing."""
    secret = ProviderSecret("hyperpay", secret_json)
    account = Account(
        secret.text("access_token"),
        secret.mapping("entity_ids"),
        secret.texts("webhook_keys"),
        takes_test=secret.flag("test_mode"),
    )
    return HyperPay(base_url, account, vault, send=send)


def _check_currency(attempt: Attempt) -> None:
    """mada is a Saudi scheme; and a scale that was never tried is not guessed."""
    currency = attempt.amount.currency
    if currency not in CAPABILITIES.currencies or (attempt.method == "mada" and currency != MADA_CURRENCY):
        raise ProviderRefused(reason="currency")


def _transactions(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The report is one transaction, or a list under one of several names; linked ones may hang below each."""
    found = [dict(answer)] if "paymentType" in answer else []
    for name in _LISTS:
        listed = answer.get(name)
        for one in listed if isinstance(listed, list) else []:
            if isinstance(one, dict):
                found += _transactions(one)
    return found


def _part(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")
