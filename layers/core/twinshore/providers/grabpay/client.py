"""GrabPay, one-time charges: the payer agrees at Grab, and we complete the charge with the payer's token.

Init (signed by us) gives a `request`, with which the payer's browser goes to Grab; it comes back with a code; the code
and our PKCE verifier make the payer's token; the token completes, and later refunds, this one charge. Verifier and
token stay in the vault. The state is asked for by our own signature, so a lost redirect loses nothing: the answer to
that has the code, too.
"""

from __future__ import annotations

import hmac
import json
import re
from typing import TYPE_CHECKING, Any, Callable, Mapping

from twinshore.errors import BadRequest
from twinshore.payments.port import (
    AUTHORISED,
    CAPTURED,
    CLOSED,
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
from twinshore.providers.grabpay import kept as keeping
from twinshore.providers.grabpay.calls import Calls
from twinshore.providers.grabpay.kept import REFUND_SECONDS, UNPAID_SECONDS, Kept
from twinshore.providers.grabpay.partner import Partner, partner_from_secret
from twinshore.providers.grabpay.signing import challenge_of, random_text
from twinshore.providers.grabpay.status import REFUND_STATUS, TX_STATUS
from twinshore.providers.grabpay.verify import check

if TYPE_CHECKING:
    from twinshore.money import Money
    from twinshore.providers.exchange import Send
    from twinshore.providers.setup import Vault

COUNTRY = {"MYR": "MY", "PHP": "PH", "SGD": "SG", "THB": "TH"}
"""All of them have two decimals, at GrabPay as in ISO 4217. Vietnam has other hosts and paths."""
_KEPT = Acknowledgement(200, b"{}", "application/json")
_REFERENCE = re.compile(r"[A-Za-z0-9_-]{1,32}")
_CHARGE = "/grabpay/partner/v2/charge"
_REFUND = "/grabpay/partner/v2/refund"


class GrabPay:
    """The PaymentProvider of GrabPay. notify_path: of our webhook, as GrabPay calls it."""

    def __init__(self, base_url: str, partner: Partner, notify_path: str, vault: Vault, *, send: Send) -> None:
        self._base_url = base_url.rstrip("/")
        self._partner = partner
        self._notify_path = notify_path
        self._vault = vault
        self._calls = Calls(self._base_url, partner, send)

    def create(self, attempt: Attempt, now: int) -> Started:
        """`client` is where the payer's browser goes. The same attempt again is the same address; if GrabPay's answer
        to the init was lost nobody has an address, and GrabPay refuses the number for good (`reference_used`)."""
        kept = self._kept(attempt.reference)
        if kept is None:
            try:
                kept = self._init(attempt, now)
            except ProviderRefused:
                kept = self._kept(attempt.reference)  # another request of ours was a moment faster
                if kept is None:
                    raise
        if kept.amount != attempt.amount:
            raise ProviderRefused(reason="reference_used")
        if kept.closed:
            raise ProviderRefused(reason="closed")
        return Started("", {"redirect_url": self._authorize_url(kept)})

    def query(self, reference: str, provider_id: str, now: int) -> Notice:
        """By our own signature, with or without the payer's token. What is not in the vault never met a payer."""
        kept = self._kept(reference)
        return self._none(reference, provider_id) if kept is None else self._state(reference, kept, now)[0]

    def close(self, reference: str, provider_id: str, now: int) -> None:
        """GrabPay has no call for it, and needs none: it takes no money that we do not complete. So the charge is
        marked as one that we shall never complete (docs/decisions/0111)."""
        kept = self._change(reference, lambda held: held if held.completing else held._replace(closed=True))
        if kept is None or kept.closed:
            return
        state = self._state(reference, kept, now)[0].state
        if state == CAPTURED:
            raise ProviderRefused(reason="already_paid")
        if state != FAILED:
            raise OutcomeUnknown("The charge is being completed.")
        self._change(reference, lambda held: held._replace(closed=True))

    def refund(
        self, reference: str, provider_id: str, refund_reference: str, amount: Money, total: Money, now: int
    ) -> str:
        """`total` is not asked for by GrabPay: it knows what was charged."""
        kept = self._kept(reference)
        if kept is None or not kept.token:
            raise ProviderRefused(reason="authorisation_lost")
        origin = provider_id or self._state(reference, kept, now)[0].provider_id
        wanted = {
            "partnerTxID": refund_reference,
            "partnerGroupTxID": reference,
            "originTxID": origin,
            "amount": amount.amount_minor,
            "currency": amount.currency,
            "merchantID": self._merchant_id(amount.currency),
            "description": f"Refund {refund_reference}",
        }
        try:
            made = self._calls.as_payer(kept.token, _REFUND, now, wanted)
        except ProviderRefused as refused:
            if refused.extensions.get("reason") != "reference_used":
                raise
            made = self._refund_of(refund_reference, amount.currency, kept.token, now)
        return REFUND_STATUS.get(str(made.get("txStatus")), PENDING)

    def capture(self, reference: str, provider_id: str, returned: Mapping[str, str], amount: Money, now: int) -> Notice:
        """Code → token → complete. Without a code of the payer's browser (or with one that is not for this charge) it
        is asked for. AUTHORISED again: there was no code to be had yet. Raises ProviderRefused `authorisation_lost` if
        the code was used up in an exchange whose answer we never had: nothing was taken, and nothing can be."""
        kept = self._kept(reference)
        if kept is None or kept.closed:
            return self.query(reference, provider_id, now)
        if kept.amount != amount:
            raise ProviderRefused(reason="amount")
        if kept.completing:
            notice, _ = self._state(reference, kept, now)
            if notice.state != AUTHORISED:
                return notice
        elif not kept.token:
            found = self._with_token(reference, kept, self._code_of_browser(kept, returned), now)
            if isinstance(found, Notice):
                return found
            kept = found
        return self._complete(reference, kept, now)

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: int) -> tuple[list[Notice], Acknowledgement]:
        """A notice says only that there may be news: `amount` is None, so that the room asks before money state moves.
        What the notice claims to have happened is not passed on, for it may not be signed."""
        check(headers, body, self._notify_path, self._partner.partner_id, self._partner.partner_secrets, now)
        try:
            told = json.loads(body)
        except ValueError:
            raise BadRequest("The notice is not JSON.") from None
        reference = told.get("partnerTxID") if isinstance(told, dict) else None
        if not isinstance(reference, str) or not _REFERENCE.fullmatch(reference):
            raise BadRequest("The notice names no charge.")
        return [Notice(f"notice:{reference}", reference, "", CAPTURED, None, 0)], _KEPT

    def _init(self, attempt: Attempt, now: int) -> Kept:
        currency = attempt.amount.currency
        wanted = {
            "partnerTxID": attempt.reference,
            "partnerGroupTxID": attempt.reference,
            "amount": attempt.amount.amount_minor,
            "currency": currency,
            "merchantID": self._merchant_id(currency),
            "description": attempt.description,
        }
        request = self._calls.as_partner(f"{_CHARGE}/init", now, wanted).get("request")
        if not isinstance(request, str) or not request:
            raise OutcomeUnknown("The payment provider's answer names no charge.")
        # The state leads with our reference: the return page knows by it which payment is coming back.
        state, until = f"{attempt.reference}.{random_text()}", attempt.expires_at + UNPAID_SECONDS
        kept = Kept(attempt.amount, random_text(), state, random_text(), request, attempt.return_url, until)
        self._vault.put(attempt.reference, keeping.write(kept), until)
        return kept

    def _authorize_url(self, kept: Kept) -> str:
        from urllib.parse import urlencode

        currency = kept.amount.currency
        asked = {
            "acr_values": f"consent_ctx:countryCode={COUNTRY[currency]},currency={currency}",
            "client_id": self._partner.client_id,
            "code_challenge": challenge_of(kept.verifier),
            "code_challenge_method": "S256",
            "nonce": kept.nonce,
            "redirect_uri": kept.return_url,
            "request": kept.request,
            "response_type": "code",
            "scope": "openid payment.one_time_charge",
            "state": kept.state,
        }
        return f"{self._base_url}/grabid/v1/oauth2/authorize?{urlencode(asked)}"

    def _state(self, reference: str, kept: Kept, now: int) -> tuple[Notice, str]:
        """The present state, and a code that is not used yet ("" if there is none)."""
        target = f"/grabpay/partner/v2/one-time-charge/{reference}/status?currency={kept.amount.currency}"
        try:
            found = self._calls.as_partner(target, now)
        except ProviderRefused as refused:
            if refused.extensions.get("reason") != "not_found":
                raise
            return self._none(reference, ""), ""
        return self._notice(reference, kept, found), str(found.get("oAuthCode") or "")

    def _refund_of(self, refund_reference: str, currency: str, token: str, now: int) -> dict[str, Any]:
        """One whose number is taken: it exists, so no refusal to show it may look like a refusal of the refund."""
        target = f"{_REFUND}/{refund_reference}/status?currency={currency}"
        try:
            return self._calls.as_payer(token, target, now)
        except ProviderRefused as err:
            raise OutcomeUnknown("The payment provider does not show the refund.") from err

    @staticmethod
    def _notice(reference: str, kept: Kept, found: Mapping[str, Any]) -> Notice:
        state = TX_STATUS.get(str(found.get("txStatus")), PENDING)
        if kept.closed and state not in (CAPTURED, FAILED):
            state = CLOSED
        amount = kept.amount if state == CAPTURED else None
        return Notice(f"query:{reference}:{state}", reference, str(found.get("txID") or ""), state, amount, 0)

    @staticmethod
    def _none(reference: str, provider_id: str) -> Notice:
        return Notice(f"query:{reference}:none", reference, provider_id, CREATED, None, 0)

    @staticmethod
    def _code_of_browser(kept: Kept, returned: Mapping[str, str]) -> str:
        """A code with another state may be another person's consent: it is left alone."""
        genuine = hmac.compare_digest(returned.get("state", "").encode(), kept.state.encode())
        return returned.get("code", "") if genuine else ""

    def _with_token(self, reference: str, kept: Kept, code: str, now: int) -> Kept | Notice:
        """With the code, or the one that is asked for; the present state if that says that there is nothing to do."""
        if code:
            try:
                return kept._replace(token=self._calls.token(kept, code, now))
            except ProviderRefused as refused:
                if refused.extensions.get("reason") != "authorisation_lost":
                    raise
        notice, fresh_code = self._state(reference, kept, now)
        if notice.state != AUTHORISED:
            return notice
        if fresh_code not in ("", code):
            return kept._replace(token=self._calls.token(kept, fresh_code, now))
        if code:
            raise ProviderRefused(reason="authorisation_lost")
        return notice

    def _complete(self, reference: str, kept: Kept, now: int) -> Notice:
        # Kept before it is sent: without the token there is no refund, and a close must know that money may move.
        token, until = kept.token, now + REFUND_SECONDS
        begun = self._change(
            reference,
            lambda held: held if held.closed else held._replace(token=token, completing=True, expires_at=until),
        )
        if begun is None or begun.closed:
            return self.query(reference, "", now)
        try:
            done = self._calls.as_payer(token, f"{_CHARGE}/complete", now, {"partnerTxID": reference})
        except ProviderRefused:
            self._change(reference, lambda held: held._replace(completing=False))
            raise
        return self._notice(reference, begun, done)

    def _merchant_id(self, currency: str) -> str:
        if currency not in COUNTRY or currency not in self._partner.merchant_ids:
            raise ProviderRefused(reason="currency")
        return self._partner.merchant_ids[currency]

    def _kept(self, reference: str) -> Kept | None:
        return keeping.read(self._vault.get(reference))

    def _change(self, reference: str, update: Callable[[Kept], Kept]) -> Kept | None:
        """What is kept afterwards. Others may come to the same charge in the same instant."""

        def changed(text: str) -> tuple[str, int]:
            held = keeping.read(text)
            after = None if held is None else update(held)
            return (text, 0) if after is None or after == held else (keeping.write(after), after.expires_at)

        return keeping.read(self._vault.change(reference, changed))


def grabpay_from_secret(base_url: str, secret_json: str, notify_url: str, vault: Vault, *, send: Send) -> GrabPay:
    """Build it from the cell's secret: see `partner.partner_from_secret`. Raises ProviderNotConfigured."""
    path = "/" + notify_url.partition("://")[2].partition("/")[2]
    return GrabPay(base_url, partner_from_secret(secret_json), path, vault, send=send)
