"""What a cell takes payments with: the part of the wiring that the payments room needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

from twinshore import deployment
from twinshore.cells import BY_HAND, INSTALMENTS

if TYPE_CHECKING:
    from twinshore.cells import Market
    from twinshore.payments.instalments import Instalments
    from twinshore.payments.methods import Tills
    from twinshore.payments.port import Payer, PaymentProvider
    from twinshore.store.port import Store

HOUSE = (BY_HAND, INSTALMENTS)
"""Carried by the house itself, with no party behind it."""


def house_provider(name: str, store: Store) -> PaymentProvider:
    from twinshore.payments.by_hand import ByHand

    return ByHand() if name == BY_HAND else plans_in(store)


def plans_in(store: Store) -> Instalments:
    from twinshore.payments.instalments import Instalments

    return Instalments(store, lambda name: next(one.parts for one in deployment.cells().methods if one.name == name))


def notify_url(provider: str) -> str:
    return f"{deployment.cell().endpoint}/v1/webhooks/{provider}"


def tills_of(provider: Callable[[str], PaymentProvider], wechat_openid: Callable[[str], str | None]) -> Tills:
    from twinshore.payments.methods import Tills
    from twinshore.payments.refund_rules import RefundRule
    from twinshore.providers.choice import capabilities_of, payer_for

    cell, methods = deployment.cell(), deployment.cells().methods

    def payer(name: str, member_id: str, known: Payer) -> Payer:
        if name in HOUSE:
            return known._replace(client_ip="")
        if known.client_ip and not known.country and "country" in capabilities_of(name).payer_takes:
            from twinshore.bootstrap.countries import country_of_ip

            known = known._replace(country=country_of_ip(known.client_ip) or "")
        return payer_for(name, known, lambda: wechat_openid(member_id))

    def market(country: str) -> Market | None:
        found = deployment.cells().markets.get(country)
        return found if found is not None and found.home == cell.name else None

    rule = RefundRule(cell.refund_days, cell.refund_limit_minor)
    return Tills(cell.name, methods, market, provider, notify_url, payer, (cell.return_url, cell.endpoint), rule)
