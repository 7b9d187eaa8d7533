"""A payment provider by its name. Only the one that is asked for is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

from twinshore.providers.configuration import ProviderNotConfigured

if TYPE_CHECKING:
    from twinshore.payments.port import Payer, PaymentProvider


def provider_from_secret(name: str, secret_json: str, base_url: str, notify_url: str) -> PaymentProvider:
    """base_url: of a twin; "" for the real one. notify_url: where its notices go. Raises ProviderNotConfigured."""
    if name == "wechat_pay":
        from twinshore.providers.wechat_pay.client import wechat_pay_from_secret

        base_url = base_url or "https://api.mch.weixin.qq.com"
        return wechat_pay_from_secret(base_url, secret_json, refund_notify_url=notify_url)
    if name == "stripe":
        from twinshore.providers.stripe.client import stripe_from_secret

        return stripe_from_secret(base_url or "https://api.stripe.com", secret_json)
    raise ProviderNotConfigured(f"There is no code for the payment provider {name}.")


def payer_for(name: str, wechat_openid: Callable[[], str | None]) -> Payer:
    """What the provider must know of the payer, and nothing that it need not. Raises PayerUnknown."""
    from twinshore.payments.port import Payer
    from twinshore.payments.starting import PayerUnknown

    if name != "wechat_pay":
        return Payer()
    openid = wechat_openid()
    if not openid:
        raise PayerUnknown
    return Payer(wechat_openid=openid)
