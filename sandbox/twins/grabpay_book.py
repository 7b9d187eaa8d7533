"""The GrabPay twin's book: charges and refunds, with the rules that the party has for them. No HTTP, no signatures."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from typing import Any, Mapping

from sandbox.twins.book import PartyRefusal

COUNTRIES = {"SGD": "SG", "MYR": "MY", "PHP": "PH", "THB": "TH", "IDR": "ID"}
_NUMBER = re.compile(r"[A-Za-z0-9_-]{1,32}")
_CHARGE_FIELDS = {"partnerTxID", "partnerGroupTxID", "amount", "currency", "merchantID", "description", "metaInfo"}
_ASKED = {"acr_values", "client_id", "code_challenge", "code_challenge_method", "nonce", "redirect_uri", "request",
          "response_type", "scope", "state"}  # fmt: skip


class Refusal(PartyRefusal):
    """What the party answers: HTTP status and reason (`error` in OAuth answers)."""

    def __init__(self, status: int, reason: str, member: str = "reason") -> None:
        super().__init__(reason)
        self.status, self.reason, self.member = status, reason, member


class Book:
    """charges and refunds are plain JSON, so that the twin can keep them."""

    def __init__(self, kept: dict[str, Any], keys: Mapping[str, Any]) -> None:
        self.charges: dict[str, dict[str, Any]] = kept.get("charges", {})
        self.refunds: dict[str, dict[str, Any]] = kept.get("refunds", {})
        self._keys = keys

    def kept(self) -> dict[str, Any]:
        return {"charges": self.charges, "refunds": self.refunds}

    def init(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        self._check(wanted, _CHARGE_FIELDS)
        number = wanted["partnerTxID"]
        if number in self.charges:
            raise Refusal(409, "transaction_already_exists")
        self.charges[number] = {
            "wanted": dict(wanted), "txID": secrets.token_hex(16), "txStatus": "processing",
            "reason": "pending_user_consent", "request": f"{_encoded({'alg': 'none'})}.{_encoded(dict(wanted))}.",
        }  # fmt: skip
        return {"partnerTxID": number, "request": self.charges[number]["request"]}

    def consent(self, asked: Mapping[str, str], decline: str) -> str:
        """The payer at Grab's page. Where their browser is sent back to, without the question mark's left side."""
        if set(asked) != _ASKED or not all(asked.values()):
            raise Refusal(400, "invalid_request", "error")
        charge = next((one for one in self.charges.values() if one["request"] == asked["request"]), None)
        if charge is None:
            raise Refusal(400, "invalid_token", "error")
        currency = charge["wanted"]["currency"]
        fixed = {
            "client_id": self._keys["client_id"], "code_challenge_method": "S256", "response_type": "code",
            "scope": "openid payment.one_time_charge",
            "acr_values": f"consent_ctx:countryCode={COUNTRIES[currency]},currency={currency}",
        }  # fmt: skip
        if any(asked[name] != value for name, value in fixed.items()):
            raise Refusal(400, "invalid_request", "error")
        if charge["txStatus"] != "processing":
            raise Refusal(400, "transaction_not_found", "error")
        if decline:
            charge.update(txStatus="failed", reason=decline)
            return f"error={decline}"
        charge.update(
            txStatus="authorised", reason="pending_capture", code=secrets.token_hex(16),
            challenge=asked["code_challenge"], redirect_uri=asked["redirect_uri"],
        )  # fmt: skip
        return f"code={charge['code']}"

    def token(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        known = (wanted.get("client_id"), wanted.get("client_secret"))
        if known != (self._keys["client_id"], self._keys["client_secret"]):
            raise Refusal(401, "invalid_client", "error")
        if wanted.get("grant_type") != "authorization_code":
            raise Refusal(400, "unsupported_grant_type", "error")
        code = str(wanted.get("code"))
        charge = next((one for one in self.charges.values() if one.get("code") == code), None)
        digest = hashlib.sha256(str(wanted.get("code_verifier")).encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if charge is None or charge["redirect_uri"] != wanted.get("redirect_uri") or charge["challenge"] != challenge:
            raise Refusal(400, "invalid_grant", "error")
        charge.update(code="", token=secrets.token_urlsafe(48))
        return {"access_token": charge["token"], "token_type": "Bearer", "expires_in": 31_536_000}

    def of_token(self, token: str) -> str:
        """The number of the charge that a payer's token is for."""
        for number, charge in self.charges.items():
            if charge.get("token") and hmac.compare_digest(charge["token"], token):
                return number
        raise Refusal(401, "unauthorized")

    def complete(self, number: str, outcome: str) -> dict[str, Any]:
        """Repeatable: it answers the latest state."""
        charge = self.charge(number)
        if charge["txStatus"] == "authorised":
            charge.update(txStatus=outcome, reason="" if outcome == "success" else "capturing")
        return self.shown(charge)

    def charge(self, number: str, currency: str = "") -> dict[str, Any]:
        charge = self.charges.get(number)
        if charge is None or currency not in ("", charge["wanted"]["currency"]):
            raise Refusal(404, "no_record_found")
        return charge

    def recovered(self, number: str, currency: str) -> dict[str, Any]:
        charge = self.charge(number, currency)
        return {**self.shown(charge), "oAuthCode": charge.get("code", "") if charge["txStatus"] == "authorised" else ""}

    @staticmethod
    def shown(charge: Mapping[str, Any]) -> dict[str, Any]:
        word = charge["txStatus"]
        return {"txID": charge["txID"], "status": word, "txStatus": word, "reason": charge["reason"],
                "paymentMethod": "GPWALLET", "description": "", "msgID": secrets.token_hex(16)}  # fmt: skip

    def refund(self, number: str, wanted: Mapping[str, Any], outcome: str) -> dict[str, Any]:
        """`number`: of the charge whose token came along."""
        self._check(wanted, {*_CHARGE_FIELDS, "originTxID"})
        earlier = self.refunds.get(wanted["partnerTxID"])
        if earlier is not None:
            return self.shown(earlier)
        charge = self.charge(number, wanted["currency"])
        same = (wanted.get("originTxID"), wanted["partnerGroupTxID"])
        if charge["txStatus"] != "success" or same != (charge["txID"], charge["wanted"]["partnerGroupTxID"]):
            raise Refusal(409, "payment_not_found")
        given = sum(r["amount"] for r in self.refunds.values() if r["of"] == number and r["txStatus"] != "failed")
        if given + wanted["amount"] > charge["wanted"]["amount"]:
            raise Refusal(409, "exceed_payment_amount")
        refund = {"of": number, "amount": wanted["amount"], "txID": secrets.token_hex(16), "txStatus": outcome,
                  "reason": ""}  # fmt: skip
        self.refunds[wanted["partnerTxID"]] = refund
        return self.shown(refund)

    def refund_shown(self, number: str, refund_number: str) -> dict[str, Any]:
        refund = self.refunds.get(refund_number)
        if refund is None or refund["of"] != number:
            raise Refusal(404, "no_record_found")
        return self.shown(refund)

    def _check(self, wanted: Mapping[str, Any], fields: set[str]) -> None:
        numbers = (wanted.get("partnerTxID"), wanted.get("partnerGroupTxID"))
        amount, currency = wanted.get("amount"), wanted.get("currency")
        good = not set(wanted) - fields and all(isinstance(n, str) and _NUMBER.fullmatch(n) for n in numbers)
        if not good or type(amount) is not int or amount < 1 or currency not in COUNTRIES:
            raise Refusal(400, "client_error")
        if wanted.get("merchantID") != self._keys["merchant_ids"].get(currency):
            raise Refusal(409, "invalid_merchant")


def _encoded(members: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(members).encode()).decode().rstrip("=")
