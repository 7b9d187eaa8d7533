"""Weixin Pay in the mainland: API v3, JSAPI (mini-programs), ordinary merchant. Amounts are fen, CNY only."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any, Callable, Mapping, Sequence

from twinshore.errors import BadRequest, Problem
from twinshore.payments.port import (
    CREATED,
    PENDING,
    Acknowledgement,
    Attempt,
    Notice,
    OutcomeUnknown,
    ProviderRefused,
    SignatureRefused,
    Started,
)
from twinshore.providers.configuration import ProviderNotConfigured, ProviderSecret
from twinshore.providers.exchange import TIMEOUT_SECONDS, ask, ask_for_file, json_object
from twinshore.providers.wechat_pay.signing import Merchant, Signer
from twinshore.providers.wechat_pay.status import REFUND_STATE, payment_notice, refund_notice, refusal, seconds
from twinshore.providers.wechat_pay.verify import ResourceKeys, Verifier, object_of

if TYPE_CHECKING:
    from twinshore.money import Money
    from twinshore.outbound import Reply
    from twinshore.providers.exchange import Fetch, Send

_KEPT = Acknowledgement(200, '{"code":"SUCCESS","message":"成功"}'.encode(), "application/json")
_BEIJING_OFFSET_SECONDS = 8 * 3600
# Inside a webhook, which WeChat wants answered within 5 s.
_CERTIFICATES_TIMEOUT_SECONDS = 2.0


class WechatPay:
    """The PaymentProvider of Weixin Pay.

    verifiers: PEM public key or platform certificate by serial or PUB_KEY_ID_…; all of them are live.
    api_v3_keys: newest first, all live. refresh_certificates: whether this merchant still has platform certificates.
    refund_notify_url: where refund notices go; without it they go where the merchant console says.
    fetch: for bills; None where there are none to fetch.
    """

    certificates_path = "/v3/certificates"

    def __init__(
        self,
        base_url: str,
        appid: str,
        merchant: Merchant,
        api_v3_keys: Sequence[str],
        verifiers: Mapping[str, str],
        *,
        refresh_certificates: bool = False,
        refund_notify_url: str = "",
        send: Send,
        fetch: Fetch | None = None,
    ) -> None:
        if not api_v3_keys or not all(api_v3_keys) or not (verifiers or refresh_certificates):
            raise ProviderNotConfigured("wechat_pay has no key to verify or to open notices with.")
        self._base_url = base_url.rstrip("/")
        self._appid = appid
        self._mchid = merchant.mchid
        self._signer = Signer(merchant)
        self._resources = ResourceKeys(api_v3_keys)
        self._verifier = Verifier(verifiers, self._certificates if refresh_certificates else None)
        self._refund_notify_url = refund_notify_url
        self._send = send
        self._fetch = fetch

    def create(self, attempt: Attempt, now: int) -> Started:
        """JSAPI order; `client` is what wx.requestPayment takes. The prepay_id lives 2 hours: create again for a new
        one, the same attempt is the same order."""
        if attempt.amount.currency != "CNY":
            raise ProviderRefused(reason="currency")
        order = {
            "appid": self._appid,
            "mchid": self._mchid,
            "description": attempt.description,
            "out_trade_no": attempt.reference,
            "time_expire": beijing_time(attempt.expires_at),
            "notify_url": attempt.notify_url,
            "amount": {"total": attempt.amount.amount_minor, "currency": "CNY"},
            "payer": {"openid": attempt.payer.wechat_openid},
        }
        made = self._call("POST", "/v3/pay/transactions/jsapi", order, now)
        prepay_id = made.get("prepay_id")
        if not isinstance(prepay_id, str) or not prepay_id:
            raise OutcomeUnknown("The payment provider's answer names no order.")
        return Started("", self._signer.payment_parameters(self._appid, prepay_id, now, nonce()))

    def query(self, reference: str, provider_id: str, now: int) -> Notice:
        """By our number, or by WeChat's when that is all we know. A closed or failed payment is only ever told here."""
        by = f"out-trade-no/{path_part(reference)}" if reference else f"id/{path_part(provider_id)}"
        try:
            found = self._call("GET", f"/v3/pay/transactions/{by}?mchid={self._mchid}", None, now)
        except ProviderRefused as refused:
            if refused.extensions.get("reason") != "not_found":
                raise
            return Notice(f"query:{reference}:none", reference, provider_id, CREATED, None, 0)
        return payment_notice(
            f"query:{found.get('out_trade_no')}:{found.get('trade_state')}:{seconds(found.get('success_time'))}", found
        )

    def close(self, reference: str, provider_id: str, now: int) -> None:
        """Repeatable; an order that WeChat never heard of has nobody who could pay it."""
        path = f"/v3/pay/transactions/out-trade-no/{path_part(reference)}/close"
        try:
            self._call("POST", path, {"mchid": self._mchid}, now)
        except ProviderRefused as refused:
            if refused.extensions.get("reason") not in ("closed", "not_found"):
                raise

    def refund(
        self, reference: str, provider_id: str, refund_reference: str, amount: Money, total: Money, now: int
    ) -> str:
        """A new number would refund twice: try again with the same `refund_reference`."""
        wanted: dict[str, Any] = {
            "out_trade_no": reference,
            "out_refund_no": refund_reference,
            "amount": {
                "refund": amount.amount_minor,
                "total": total.amount_minor,
                "currency": amount.currency,
            },
        }
        if self._refund_notify_url:
            wanted["notify_url"] = self._refund_notify_url
        made = self._call("POST", "/v3/refund/domestic/refunds", wanted, now)
        return REFUND_STATE.get(str(made.get("status")), PENDING)

    def capture(self, reference: str, provider_id: str, returned: Mapping[str, str], amount: Money, now: int) -> Notice:
        """Nothing to do: the party captures by itself."""
        return self.query(reference, provider_id, now)

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: int) -> tuple[list[Notice], Acknowledgement]:
        """See the port. The one call to the network that can happen here is the rate-limited certificate download."""
        self._verifier.check(headers, body, now)
        envelope = object_of(body)
        kind = str(envelope.get("event_type", ""))
        if not kind.startswith(("TRANSACTION.", "REFUND.")):
            return [], _KEPT
        if envelope.get("resource_type") != "encrypt-resource" or not isinstance(envelope.get("resource"), dict):
            raise _unreadable()
        content = object_of(self._resources.open(envelope["resource"]))
        if content.get("mchid") != self._mchid:
            raise _unreadable()
        return [self._translated(kind, str(envelope.get("id", "")), content)], _KEPT

    def _translated(self, kind: str, notice_id: str, content: Mapping[str, Any]) -> Notice:
        translate = payment_notice if kind.startswith("TRANSACTION.") else refund_notice
        return translate(notice_id, content)

    def read(self, target: str, now: int) -> dict[str, Any]:
        """A signed answer to a signed question. Raises ProviderRefused, Unavailable, OutcomeUnknown."""
        return self._call("GET", target, None, now)

    def download(self, target: str, now: int, take: Callable[[bytes], object], timeout_seconds: float) -> None:
        """A file of any size, in pieces. The reply is not signed: its hash came in a reply that was. Raises as `read`,
        and what `take` raises."""
        if self._fetch is None:
            raise ProviderNotConfigured("wechat_pay has nothing to fetch files with.")
        headers = self._headers("GET", target, b"", now)
        reply = ask_for_file(self._fetch, self._base_url + target, headers, take, timeout_seconds)
        if reply.status != 200:
            raise refusal(json_object(reply.body).get("code"), reply.headers.get("request-id", ""))

    def _call(self, method: str, target: str, content: Mapping[str, Any] | None, now: int) -> dict[str, Any]:
        """Raises ProviderRefused, Unavailable, OutcomeUnknown. {} for 204."""
        reply = self._exchange(method, target, content, now, TIMEOUT_SECONDS)
        self._believe(reply, now)
        if reply.status >= 400:
            raise refusal(json_object(reply.body).get("code"), reply.headers.get("request-id", ""))
        return json_object(reply.body) if reply.body else {}

    def _exchange(
        self, method: str, target: str, content: Mapping[str, Any] | None, now: int, timeout_seconds: float
    ) -> Reply:
        body = b"" if content is None else json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        headers = self._headers(method, target, body, now)
        return ask(self._send, method, self._base_url + target, headers, body, timeout_seconds)

    def _headers(self, method: str, target: str, body: bytes, now: int) -> dict[str, str]:
        headers = {
            "Authorization": self._signer.authorization(method, target, body, now, nonce()),
            "Accept": "application/json",
            "User-Agent": "twinshore",
        }
        if body:
            headers["Content-Type"] = "application/json"
        if self._verifier.public_key_id:
            headers["Wechatpay-Serial"] = self._verifier.public_key_id
        return headers

    def _believe(self, reply: Reply, now: int) -> None:
        """A reply that says yes must be signed. A no to a request whose own signature failed is not signed by WeChat,
        so an unsigned 4xx is taken as the refusal that it is, as the official clients do; a wrong signature never."""
        if reply.status >= 400 and "wechatpay-signature" not in reply.headers:
            return
        try:
            self._verifier.check(reply.headers, reply.body, now)
        except SignatureRefused as err:
            raise OutcomeUnknown("The payment provider's answer is not signed by it.") from err

    def _certificates(self, now: int) -> dict[str, str]:
        """The platform certificates in force: PEM by serial. Nothing if they cannot be had just now.

        The reply is signed by a certificate that it brings itself; its origin shows in that our APIv3 key opens it.
        """
        try:
            reply = self._exchange("GET", self.certificates_path, None, now, _CERTIFICATES_TIMEOUT_SECONDS)
            if reply.status != 200:
                return {}
            listed = json_object(reply.body).get("data") or []
            return {
                item["serial_no"]: self._resources.open(item["encrypt_certificate"]).decode()
                for item in listed
                if seconds(item["effective_time"]) <= now < seconds(item["expire_time"])
            }
        except (Problem, KeyError, TypeError, ValueError):
            return {}


def wechat_pay_from_secret(
    base_url: str,
    secret_json: str,
    *,
    refund_notify_url: str = "",
    send: Send,
    fetch: Fetch | None = None,
) -> WechatPay:
    """Build it from the cell's secret, a JSON object:

    `appid`, `mchid`, `merchant_serial` (upper-case hex), `merchant_private_key_pem` (PKCS #8), `api_v3_keys` (list,
    newest first, 32 characters each), `platform_keys` (object: serial or PUB_KEY_ID_… → PEM public key or certificate),
    `refresh_certificates` (true for merchants that still have platform certificates; may be left out).
    Raises ProviderNotConfigured naming the member that is missing.
    """
    secret = ProviderSecret("wechat_pay", secret_json)
    keys = secret.texts("api_v3_keys")
    if any(len(key.encode()) != 32 for key in keys):
        raise ProviderNotConfigured("An APIv3 key has 32 characters.")
    merchant = Merchant(secret.text("mchid"), secret.text("merchant_serial"), secret.text("merchant_private_key_pem"))
    return WechatPay(
        base_url,
        secret.text("appid"),
        merchant,
        keys,
        secret.mapping("platform_keys"),
        refresh_certificates=secret.flag("refresh_certificates"),
        refund_notify_url=refund_notify_url,
        send=send,
        fetch=fetch,
    )


def path_part(text: str) -> str:
    """One piece of a path. The import is 8 ms that a callback does not pay."""
    from urllib.parse import quote

    return quote(text, safe="")


def _unreadable() -> Problem:
    return BadRequest("The notice is not about a payment of this merchant.")


def nonce() -> str:
    return os.urandom(16).hex().upper()


def beijing_time(at: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S+08:00", time.gmtime(at + _BEIJING_OFFSET_SECONDS))
