"""Adyen: cards, Apple Pay, GrabPay and DANA on a payment link, by the Checkout API; outcomes come by webhook.

There is no call that tells a payment's state: a link can be asked about and ended, captured money is only ever told.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Mapping

from twinshore import log
from twinshore.errors import BadRequest
from twinshore.payments.port import (
    CLOSED,
    CREATED,
    PENDING,
    Acknowledgement,
    Attempt,
    Notice,
    OutcomeUnknown,
    ProviderRefused,
    Started,
)
from twinshore.providers.adyen.account import Account
from twinshore.providers.adyen.amounts import to_adyen
from twinshore.providers.adyen.status import LINK_PAID, LINK_STATUS, REFUND_MARK, item_notice, refusal
from twinshore.providers.adyen.verify import KEY_BYTES, genuine_items
from twinshore.providers.configuration import ProviderNotConfigured, ProviderSecret
from twinshore.providers.exchange import ask, json_object

if TYPE_CHECKING:
    from twinshore.money import Money
    from twinshore.providers.exchange import Send
    from twinshore.providers.setup import Vault

API_VERSION = "v71"
LINK_KEPT_SECONDS = 8 * 86_400
"""After the attempt's end: the payments room asks for seven days."""
REFUND_KEPT_SECONDS = 90 * 86_400
_KEPT = Acknowledgement(200, b"[accepted]", "text/plain")
_GRABPAY = {"SGD": "grabpay_SG", "MYR": "grabpay_MY", "PHP": "grabpay_PH"}


class Adyen:
    """The PaymentProvider of Adyen. The link's id is kept in the vault: the notices do not name it."""

    def __init__(self, base_url: str, account: Account, vault: Vault, *, send: Send) -> None:
        if not account.api_key or not account.merchant_account or not account.hmac_keys:
            raise ProviderNotConfigured("adyen has no key to call or to verify with.")
        if any(len(key) < KEY_BYTES for key in account.hmac_keys):
            raise ProviderNotConfigured("adyen has an HMAC key that is too short.")
        self._base_url = base_url.rstrip("/")
        self._account = account
        self._vault = vault
        self._send = send

    def create(self, attempt: Attempt, now: int) -> Started:
        """The payer has until the attempt's end. Adyen knows an idempotency key for a week at least, and answers it
        with the first link whatever is asked then: so the answer is compared."""
        amount = {"currency": attempt.amount.currency, "value": to_adyen(attempt.amount)}
        fields = {
            "reference": attempt.reference,
            "merchantOrderReference": attempt.order_id,
            "amount": amount,
            "description": attempt.description,
            "expiresAt": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(attempt.expires_at)),
            "shopperLocale": attempt.payer.language,
            **({"captureDelayHours": 0} if self._account.automatic else {"manualCapture": True}),
            **({"countryCode": attempt.payer.country} if attempt.payer.country else {}),
            **({"returnUrl": attempt.return_url} if attempt.return_url else {}),
            **({"allowedPaymentMethods": [_method(attempt)]} if attempt.method else {}),
        }
        link = self._post("/paymentLinks", fields, f"create-{attempt.reference}")
        if not isinstance(link.get("id"), str) or not isinstance(link.get("url"), str):
            raise OutcomeUnknown("The payment provider's answer names no link.")
        if link.get("amount") != amount or link.get("reference") != attempt.reference:
            raise ProviderRefused(reason="reference_used")
        self._vault.put(attempt.reference, link["id"], attempt.expires_at + LINK_KEPT_SECONDS)
        return Started("", {"redirect_url": link["url"]})

    def query(self, reference: str, provider_id: str, now: int) -> Notice:
        """What the link says; never more than PENDING for a payment that was tried. A link that we never learnt of gave
        no payer the means to pay."""
        link_id = "" if provider_id else self._vault.get(reference)
        state, word = (PENDING, "paid") if provider_id else (CREATED, "")
        if link_id:
            word = str(self._link(link_id).get("status"))
            state = LINK_STATUS.get(word, PENDING)
        name = f"query:{reference}:{link_id or provider_id}:{state}"
        return Notice(name, reference, provider_id, state, None, 0, awaits_notice=word in LINK_PAID)

    def close(self, reference: str, provider_id: str, now: int) -> None:
        """Ends the link. An authorised payment that waits for us is cancelled, which only the webhook CANCELLATION
        confirms: until then the outcome is unknown."""
        if provider_id and self._account.automatic:
            raise ProviderRefused(reason="already_paid")
        if provider_id:
            self._post(f"/payments/{_part(provider_id)}/cancels", {"reference": reference}, f"cancel-{reference}")
            raise OutcomeUnknown("The cancellation was received; a notice will confirm it.")
        link_id = self._vault.get(reference)
        if not link_id:
            return
        try:
            state = LINK_STATUS.get(str(self._end(link_id).get("status")), PENDING)
        except ProviderRefused:
            state = LINK_STATUS.get(str(self._link(link_id).get("status")), PENDING)
        if state != CLOSED:
            raise ProviderRefused(reason="in_process")

    def refund(
        self, reference: str, provider_id: str, refund_reference: str, amount: Money, total: Money, now: int
    ) -> str:
        """PENDING: Adyen receives it, and the webhook REFUND says what came of it. `total` is not asked for."""
        if not provider_id:
            raise OutcomeUnknown("The payment provider has not told us of the payment yet.")
        asked = {"currency": amount.currency, "value": to_adyen(amount)}
        fields = {"amount": asked, "reference": f"{reference}{REFUND_MARK}{refund_reference}"}
        made = self._post(f"/payments/{_part(provider_id)}/refunds", fields, f"refund-{refund_reference}")
        if made.get("amount", asked) != asked:
            raise ProviderRefused(reason="reference_used")
        if isinstance(made.get("pspReference"), str):
            self._vault.put(_refund_item(made["pspReference"]), refund_reference, now + REFUND_KEPT_SECONDS)
        return PENDING

    def capture(self, reference: str, provider_id: str, returned: Mapping[str, str], amount: Money, now: int) -> Notice:
        """PENDING: the webhook CAPTURE says that it is ours. Where Adyen captures by itself, as `query`."""
        if self._account.automatic:
            return self.query(reference, provider_id, now)
        if not provider_id:
            raise OutcomeUnknown("The payment provider has not told us of the payment yet.")
        fields = {"amount": {"currency": amount.currency, "value": to_adyen(amount)}, "reference": reference}
        self._post(f"/payments/{_part(provider_id)}/captures", fields, f"capture-{reference}")
        return Notice(f"capture:{reference}:received", reference, provider_id, PENDING, None, 0, awaits_notice=True)

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: int) -> tuple[list[Notice], Acknowledgement]:
        """See the port. What is genuine is always acknowledged: Adyen repeats its oldest notice for 30 days, and sends
        nothing else meanwhile."""
        notices = []
        for item in genuine_items(body, self._account.hmac_keys):
            try:
                notice = self._read(item)
            except BadRequest:
                self._lament("a notice of adyen cannot be read", item)
                continue
            if notice is not None:
                notices.append(notice)
        return notices, _KEPT

    def _read(self, item: Mapping[str, Any]) -> Notice | None:
        if item.get("merchantAccountCode") != self._account.merchant_account:
            self._lament("a notice of adyen is for another account", item)
            return None
        if item.get("eventCode") == "CAPTURE_FAILED":
            self._lament("adyen could not capture an authorised payment", item)
        return item_notice(item, self._account.automatic, lambda made: self._vault.get(_refund_item(made)))

    def _lament(self, what: str, item: Mapping[str, Any]) -> None:
        facts = {name: str(item.get(name))[:40] for name in ("eventCode", "pspReference")}
        log.line("error", what, event=facts["eventCode"], psp_reference=facts["pspReference"])

    def _link(self, link_id: str) -> dict[str, Any]:
        return self._call("GET", f"/paymentLinks/{_part(link_id)}", {}, b"")

    def _end(self, link_id: str) -> dict[str, Any]:
        return self._call("PATCH", f"/paymentLinks/{_part(link_id)}", {}, b'{"status": "expired"}')

    def _post(self, target: str, fields: Mapping[str, Any], idempotency_key: str) -> dict[str, Any]:
        content = {"merchantAccount": self._account.merchant_account, **fields}
        body = json.dumps(content, ensure_ascii=False).encode()
        return self._call("POST", target, {"Idempotency-Key": idempotency_key}, body)

    def _call(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """JSON both ways. Raises ProviderRefused, Unavailable, OutcomeUnknown."""
        sent = {"X-API-Key": self._account.api_key, "Content-Type": "application/json", **headers}
        reply = ask(self._send, method, f"{self._base_url}/{API_VERSION}{target}", sent, body)
        answer = json_object(reply.body)
        if reply.status >= 400:
            raise refusal(reply.status, answer)
        return answer


def adyen_from_secret(base_url: str, secret_json: str, vault: Vault, *, send: Send) -> Adyen:
    """Build it from the cell's secret, a JSON object: `api_key`, `merchant_account`, `hmac_keys` (list of hex texts),
    `capture` ("automatic" or "manual", which nobody guesses), and `live_prefix` for the live platform, read by `entry`.
    Raises ProviderNotConfigured naming the member that is missing."""
    secret = ProviderSecret("adyen", secret_json)
    capture = secret.text("capture")
    if capture not in ("automatic", "manual"):
        raise ProviderNotConfigured("The secret of adyen must say how it captures: automatic or manual.")
    try:
        keys = tuple(bytes.fromhex(text) for text in secret.texts("hmac_keys"))
    except ValueError:
        raise ProviderNotConfigured("The secret of adyen lacks a usable member: hmac_keys.") from None
    account = Account(secret.text("api_key"), secret.text("merchant_account"), keys, capture == "automatic")
    return Adyen(base_url, account, vault, send=send)


def _method(attempt: Attempt) -> str:
    """Adyen's name of the method. Raises ProviderRefused for one that it does not carry in this currency."""
    currency = attempt.amount.currency
    names = {"card": "scheme", "apple_pay": "applepay", "grabpay": _GRABPAY.get(currency, "")}
    names["dana"] = "dana" if currency == "IDR" else ""
    found = names.get(attempt.method)
    if not found:
        raise ProviderRefused(reason="method")
    return found


def _refund_item(made: str) -> str:
    return f"refund.{made}"


def _part(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")
