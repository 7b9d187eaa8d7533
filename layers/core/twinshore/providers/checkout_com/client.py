"""Checkout.com by its payment pages (payment links): the payer is sent there and comes back; no card number reaches us.

A page has no idempotency key, so its address is kept sealed under the attempt's reference for as long as it lives; a
page whose address was lost on the way can be paid by nobody. Refunds have keys.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Mapping

from twinshore.errors import BadRequest, Unavailable
from twinshore.payments.port import (
    CREATED,
    FAILED,
    PENDING,
    Acknowledgement,
    Attempt,
    Notice,
    OutcomeUnknown,
    ProviderRefused,
    Started,
)
from twinshore.providers.checkout_com.account import Account as Account
from twinshore.providers.checkout_com.amounts import to_checkout
from twinshore.providers.checkout_com.status import (
    MARK,
    action_state,
    best_of,
    event_notice,
    fetched_notice,
    refusal,
)
from twinshore.providers.checkout_com.verify import check
from twinshore.providers.configuration import ProviderNotConfigured, ProviderSecret
from twinshore.providers.exchange import ask, json_object

if TYPE_CHECKING:
    from twinshore.money import Money
    from twinshore.providers.exchange import Send
    from twinshore.providers.setup import Vault

SOURCES = {"mada": "card", "card": "card", "apple_pay": "applepay"}
"""Our method -> what the page offers. A mada card is a card there, and is recognised by its number."""
MADA_CURRENCY, MADA_COUNTRY = "SAR", "SA"
DESCRIPTION_LIMIT_CHARACTERS = 100
PAYMENTS_PER_PAGE = 20
_SUBDOMAIN = re.compile(r"[a-z0-9]{1,63}")
_KEPT = Acknowledgement(200, b"{}", "application/json")


class CheckoutCom:
    """The PaymentProvider of Checkout.com. vault: where open pages are kept."""

    def __init__(self, base_url: str, account: Account, vault: Vault, *, send: Send) -> None:
        if not account.secret_key or not account.webhook_keys or not all(account.webhook_keys):
            raise ProviderNotConfigured("checkout_com has no key to call or to verify with.")
        self._base_url = base_url.rstrip("/")
        self._account = account
        self._vault = vault
        self._send = send

    def create(self, attempt: Attempt, now: int) -> Started:
        """The page runs out with the attempt."""
        fields = _link(attempt, now, self._account.processing_channel_id)
        held = self._vault.get(attempt.reference)
        if not held:
            made = self._call("POST", "/payment-links", fields)
            links = made.get("_links")
            redirect = links.get("redirect") if isinstance(links, dict) else None
            address = redirect.get("href") if isinstance(redirect, dict) else None
            if not isinstance(address, str) or not address:
                raise OutcomeUnknown("The payment provider's answer names no page.")
            mine = json.dumps({"content": [attempt.method, *attempt.amount], "redirect_url": address})
            # Of two pages that were made at once the payer hears of one: of the one that is kept.
            held = self._vault.change(attempt.reference, lambda first: (first or mine, attempt.expires_at))
        kept = json.loads(held)
        if kept["content"] != [attempt.method, *attempt.amount]:
            raise ProviderRefused(reason="reference_used")
        return Started("", {"redirect_url": kept["redirect_url"]})

    def query(self, reference: str, provider_id: str, now: int) -> Notice:
        """By the payment's id, or by our reference among the tries that were made at the page."""
        payment = self._find(reference, provider_id)
        if payment is None:
            return Notice(f"query:{reference}:{CREATED}", reference, "", CREATED, None, 0)
        return fetched_notice(reference, payment)

    def close(self, reference: str, provider_id: str, now: int) -> None:
        """A page cannot be taken back, it runs out: ProviderRefused "cannot_close" while it lives."""
        state = self.query(reference, provider_id, now).state
        if state == PENDING:
            raise ProviderRefused(reason="in_process")
        if state not in (CREATED, FAILED):
            raise ProviderRefused(reason="already_paid")
        if self._vault.get(reference):
            raise ProviderRefused(reason="cannot_close")

    def refund(
        self, reference: str, provider_id: str, refund_reference: str, amount: Money, total: Money, now: int
    ) -> str:
        """A refund is taken on first (202) and carried out later; what became of it stands among the actions.
        The key is kept for a day. `total` is not asked for by Checkout.com: it knows what it took."""
        payment_id = provider_id or str((self._find(reference, "") or {}).get("id", ""))
        if not payment_id:
            raise OutcomeUnknown("The payment provider does not find the payment yet.")
        name = f"{reference}{MARK}{refund_reference}"
        fields = {
            "amount": to_checkout(amount),
            "reference": name,
            "metadata": {"reference": reference, "refund_reference": refund_reference},
        }
        try:
            self._call("POST", f"/payments/{_part(payment_id)}/refunds", fields, f"refund-{refund_reference}")
        except ProviderRefused:
            known = self._refund_state(payment_id, name)  # its key may be forgotten, its name is not
            if known:
                return known
            raise
        try:
            return self._refund_state(payment_id, name) or PENDING
        except Unavailable:
            return PENDING  # it was taken on

    def capture(self, reference: str, provider_id: str, returned: Mapping[str, str], amount: Money, now: int) -> Notice:
        """Nothing to do: payments are captured by themselves, and mada knows nothing else."""
        return self.query(reference, provider_id, now)

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: int) -> tuple[list[Notice], Acknowledgement]:
        """See the port."""
        check(headers.get("cko-signature", ""), body, self._account.webhook_keys)
        try:
            event = json.loads(body)
        except ValueError:
            raise BadRequest("The event is not JSON.") from None
        if not isinstance(event, dict):
            raise BadRequest("The event is not a JSON object.")
        notice = event_notice(event)
        return ([] if notice is None else [notice]), _KEPT

    def _find(self, reference: str, provider_id: str) -> Mapping[str, Any] | None:
        """The list has the payments in short, so the one that matters is asked for by its id."""
        payment_id = provider_id
        if not payment_id:
            listed = self._get(f"/payments?reference={_part(reference)}&limit={PAYMENTS_PER_PAGE}").get("data")
            tries = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
            payment_id = str((best_of(tries) or {}).get("id", ""))
        found = self._get(f"/payments/{_part(payment_id)}") if payment_id else {}
        return found if found.get("id") else None

    def _refund_state(self, payment_id: str, name: str) -> str:
        """ "" if there is no such refund."""
        reply = self._ask("GET", f"/payments/{_part(payment_id)}/actions", None, "")
        if reply.status >= 400:
            return ""
        try:
            actions = json.loads(reply.body)
        except ValueError as err:
            raise OutcomeUnknown("The payment provider's answer cannot be read.") from err
        for action in actions if isinstance(actions, list) else []:
            if isinstance(action, dict) and action.get("type") == "Refund" and action.get("reference") == name:
                return action_state(action)
        return ""

    def _get(self, target: str) -> dict[str, Any]:
        """{} where there is nothing."""
        try:
            return self._call("GET", target)
        except ProviderRefused as refused:
            if refused.extensions.get("reason") != "not_found":
                raise
            return {}

    def _call(
        self, method: str, target: str, fields: Mapping[str, Any] | None = None, idempotency_key: str = ""
    ) -> dict[str, Any]:
        """JSON both ways. Raises ProviderRefused, Unavailable, OutcomeUnknown."""
        reply = self._ask(method, target, fields, idempotency_key)
        answer = json_object(reply.body) if reply.body or reply.status < 300 else {}
        if reply.status >= 400:
            raise refusal(reply.status, answer)
        return answer

    def _ask(self, method: str, target: str, fields: Mapping[str, Any] | None, idempotency_key: str) -> Any:
        headers = {"Authorization": f"Bearer {self._account.secret_key}", "Accept": "application/json"}
        body = b""
        if fields is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(fields, ensure_ascii=False).encode()
        if idempotency_key:
            headers["Cko-Idempotency-Key"] = idempotency_key
        return ask(self._send, method, self._base_url + target, headers, body)


def checkout_com_from_secret(base_url: str, secret_json: str, vault: Vault, *, send: Send) -> CheckoutCom:
    """Build it from the cell's secret, a JSON object: `subdomain` (the account's own, of its API), `sandbox` (true for
    the sandbox; may be left out), `secret_key` (sk_…), `webhook_keys` (list), `processing_channel_id` (pc_…; may be
    left out where the account has one).
    Raises ProviderNotConfigured naming the member that is missing."""
    secret = ProviderSecret("checkout_com", secret_json)
    account = Account(
        secret.text("secret_key"),
        secret.texts("webhook_keys"),
        secret.optional_text("processing_channel_id"),
    )
    return CheckoutCom(base_url or _own_host(secret), account, vault, send=send)


def _own_host(secret: ProviderSecret) -> str:
    subdomain = secret.text("subdomain")
    if not _SUBDOMAIN.fullmatch(subdomain):
        raise ProviderNotConfigured("The secret of checkout_com lacks a usable member: subdomain.")
    return f"https://{subdomain}.api.{'sandbox.' if secret.flag('sandbox') else ''}checkout.com"


def _link(attempt: Attempt, now: int, processing_channel_id: str) -> dict[str, Any]:
    """What a payment page is made of. No `capture`: mada takes the money at once and knows no authorisation."""
    if attempt.method not in SOURCES:
        raise ProviderRefused(reason="method")
    mada = attempt.method == "mada"
    if mada and attempt.amount.currency != MADA_CURRENCY:
        raise ProviderRefused(reason="currency")
    metadata = {"reference": attempt.reference, "order_id": attempt.order_id, **({"udf1": "mada"} if mada else {})}
    country = MADA_COUNTRY if mada else attempt.payer.country
    if not country:  # a payment page is not made without one
        raise ProviderRefused(reason="country")
    fields: dict[str, Any] = {
        "amount": to_checkout(attempt.amount),
        "currency": attempt.amount.currency,
        "reference": attempt.reference,
        "description": attempt.description[:DESCRIPTION_LIMIT_CHARACTERS],
        "expires_in": max(1, attempt.expires_at - now),
        "allow_payment_methods": [SOURCES[attempt.method]],
        "3ds": {"enabled": True},
        "billing": {"address": {"country": country}},
        "metadata": metadata,
    }
    optional = {
        "payment_ip": attempt.payer.client_ip,
        "processing_channel_id": processing_channel_id,
        "return_url": attempt.return_url,
    }
    return {**fields, **{name: value for name, value in optional.items() if value}}


def _part(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")
