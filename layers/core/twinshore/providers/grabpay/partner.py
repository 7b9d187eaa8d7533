"""Who we are at GrabPay, read from the cell's secret."""

from __future__ import annotations

from typing import Mapping, NamedTuple

from twinshore.providers.configuration import ProviderNotConfigured, ProviderSecret


class Partner(NamedTuple):
    partner_id: str
    partner_secrets: tuple[str, ...]
    """Newest first: it signs our requests; all of them verify notices."""
    client_id: str
    client_secret: str
    merchant_ids: Mapping[str, str]
    """By currency: GrabPay has one merchant account per country."""


def partner_from_secret(secret_json: str) -> Partner:
    """The secret is a JSON object: `partner_id`, `partner_secrets` (list), `client_id`, `client_secret`, `merchant_ids`
    (object: currency → merchant id). Raises ProviderNotConfigured naming the member that is missing."""
    secret = ProviderSecret("grabpay", secret_json)
    merchant_ids = secret.mapping("merchant_ids")
    if not merchant_ids:
        raise ProviderNotConfigured("The secret of grabpay lacks a usable member: merchant_ids.")
    return Partner(
        secret.text("partner_id"),
        secret.texts("partner_secrets"),
        secret.text("client_id"),
        secret.text("client_secret"),
        merchant_ids,
    )
