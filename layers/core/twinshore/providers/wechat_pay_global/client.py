"""WeChat Pay for merchants outside the mainland (API v3, `/v3/global`), JSAPI in mini-programs, ordinary merchant.

Signatures, notices and keys are those of the mainland's API; hosts, paths, some fields and words are not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping, Sequence

from twinshore.errors import Unavailable
from twinshore.payments.port import CREATED, PENDING, Attempt, Notice, OutcomeUnknown, ProviderRefused, Started
from twinshore.providers.configuration import ProviderNotConfigured, ProviderSecret
from twinshore.providers.wechat_pay.client import WechatPay, beijing_time, nonce, path_part
from twinshore.providers.wechat_pay.signing import Merchant
from twinshore.providers.wechat_pay.status import seconds
from twinshore.providers.wechat_pay_global.capabilities import CAPABILITIES
from twinshore.providers.wechat_pay_global.status import REFUND_STATE, global_payment_notice, global_refund_notice

if TYPE_CHECKING:
    from twinshore.money import Money
    from twinshore.providers.exchange import Send

_ORDERS, _REFUNDS = "/v3/global/transactions", "/v3/global/refunds"


class WechatPayGlobal(WechatPay):
    """The PaymentProvider of WeChat Pay on `apihk`. category: merchant category code (ISO 18245); the rest as there."""

    certificates_path = "/v3/global/certificates"

    def __init__(
        self,
        base_url: str,
        appid: str,
        merchant: Merchant,
        api_v3_keys: Sequence[str],
        verifiers: Mapping[str, str],
        *,
        category: str,
        refresh_certificates: bool = False,
        refund_notify_url: str = "",
        send: Send,
    ) -> None:
        super().__init__(
            base_url, appid, merchant, api_v3_keys, verifiers,
            refresh_certificates=refresh_certificates, refund_notify_url=refund_notify_url, send=send,
        )  # fmt: skip
        self._category = category

    def create(self, attempt: Attempt, now: int) -> Started:
        """As in the mainland: the same attempt is the same order, and a new prepay_id when two hours are over."""
        if attempt.amount.currency not in CAPABILITIES.currencies:
            raise ProviderRefused(reason="currency")
        order = {
            "appid": self._appid,
            "mchid": self._mchid,
            "description": attempt.description,
            "out_trade_no": attempt.reference,
            "time_expire": beijing_time(attempt.expires_at),
            "notify_url": attempt.notify_url,
            "trade_type": "JSAPI",
            "merchant_category_code": self._category,
            "amount": {"total": attempt.amount.amount_minor, "currency": attempt.amount.currency},
            "payer": {"openid": attempt.payer.wechat_openid},
        }
        prepay_id = self._call("POST", f"{_ORDERS}/jsapi", order, now).get("prepay_id")
        if not isinstance(prepay_id, str) or not prepay_id:
            raise OutcomeUnknown("The payment provider's answer names no order.")
        return Started("", self._signer.payment_parameters(self._appid, prepay_id, now, nonce()))

    def query(self, reference: str, provider_id: str, now: int) -> Notice:
        by = f"out-trade-no/{path_part(reference)}" if reference else f"id/{path_part(provider_id)}"
        try:
            found = self._call("GET", f"{_ORDERS}/{by}?mchid={self._mchid}", None, now)
        except ProviderRefused as refused:
            if refused.extensions.get("reason") != "not_found":
                raise
            return Notice(f"query:{reference}:none", reference, provider_id, CREATED, None, 0)
        notice_id = f"query:{found.get('out_trade_no')}:{found.get('trade_state')}:{seconds(found.get('success_time'))}"
        return global_payment_notice(notice_id, found)

    def close(self, reference: str, provider_id: str, now: int) -> None:
        try:
            self._call("POST", f"{_ORDERS}/out-trade-no/{path_part(reference)}/close", {"mchid": self._mchid}, now)
        except ProviderRefused as refused:
            if refused.extensions.get("reason") not in ("closed", "not_found"):
                raise

    def refund(
        self, reference: str, provider_id: str, refund_reference: str, amount: Money, total: Money, now: int
    ) -> str:
        """In the order's currency; what the payer gets back in yuan depends on the day's rate. The answer does not say
        how far the refund is, so it is asked for."""
        wanted: dict[str, Any] = {
            "appid": self._appid,
            "mchid": self._mchid,
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
        made = self._call("POST", _REFUNDS, wanted, now)
        return REFUND_STATE.get(str(made.get("status") or self._refund_status(refund_reference, now)), PENDING)

    def _refund_status(self, refund_reference: str, now: int) -> object:
        """None where it cannot be had: the refund is accepted, so nothing said here may look like a refusal of it."""
        target = f"{_REFUNDS}/out-refund-no/{path_part(refund_reference)}?mchid={self._mchid}"
        try:
            return self._call("GET", target, None, now).get("status")
        except (ProviderRefused, Unavailable):
            return None

    def _translated(self, kind: str, notice_id: str, content: Mapping[str, Any]) -> Notice:
        translate = global_payment_notice if kind.startswith("TRANSACTION.") else global_refund_notice
        return translate(notice_id, content)


def wechat_pay_global_from_secret(
    base_url: str, secret_json: str, *, refund_notify_url: str = "", send: Send
) -> WechatPayGlobal:
    """Build it from the cell's secret, a JSON object with the members of `wechat_pay_from_secret`, and
    `merchant_category_code` (four digits). Raises ProviderNotConfigured naming the member that is missing."""
    secret = ProviderSecret("wechat_pay_global", secret_json)
    keys = secret.texts("api_v3_keys")
    if any(len(key.encode()) != 32 for key in keys):
        raise ProviderNotConfigured("An APIv3 key has 32 characters.")
    return WechatPayGlobal(
        base_url,
        secret.text("appid"),
        Merchant(secret.text("mchid"), secret.text("merchant_serial"), secret.text("merchant_private_key_pem")),
        keys,
        secret.mapping("platform_keys"),
        category=secret.text("merchant_category_code"),
        refresh_certificates=secret.flag("refresh_certificates"),
        refund_notify_url=refund_notify_url,
        send=send,
    )
