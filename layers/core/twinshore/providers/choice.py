"""A payment provider by its name. Only the one that is asked for is loaded.

A provider `acme` is the module `twinshore.providers.acme.entry`, or, for a package of one's own in the deps layer,
`twinshore_provider_acme.entry`. It has `CAPABILITIES` and `build(setup: Setup) -> PaymentProvider`.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, Any, Callable

from twinshore.providers.configuration import ProviderNotConfigured

if TYPE_CHECKING:
    from twinshore.payments.port import Payer, PaymentProvider
    from twinshore.providers.capabilities import Capabilities
    from twinshore.providers.setup import Setup
    from twinshore.reconciliation.port import Bills

_NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")


def build_provider(name: str, setup: Setup) -> PaymentProvider:
    """Raises ProviderNotConfigured: there is no such code, or its secret is not complete."""
    built: PaymentProvider = _entry(name).build(setup)
    return built


def bills_builder(name: str) -> Callable[[Setup], Bills] | None:
    """Makes where its bills come from (`bills.build`); None if they only come as files, by hand."""
    try:
        build: Callable[[Setup], Bills] = _module(name, "bills").build
    except ProviderNotConfigured:
        return None
    return build


def capabilities_of(name: str) -> Capabilities:
    """Raises ProviderNotConfigured."""
    found: Capabilities = _entry(name).CAPABILITIES
    return found


def payer_for(name: str, payer: Payer, wechat_openid: Callable[[], str | None]) -> Payer:
    """`payer` with what this provider must know besides, and nothing that it need not. Raises PayerUnknown."""
    from twinshore.payments.methods import PayerUnknown

    can = capabilities_of(name)
    if "client_ip" not in can.payer_takes:
        payer = payer._replace(client_ip="")
    if "wechat_openid" not in can.payer_needs:
        return payer
    openid = wechat_openid()
    if not openid:
        raise PayerUnknown
    return payer._replace(wechat_openid=openid)


def _entry(name: str) -> Any:
    return _module(name, "entry")


def _module(name: str, part: str) -> Any:
    if not _NAME.fullmatch(name):
        raise ProviderNotConfigured("That is no name of a payment provider.")
    for module in (f"twinshore.providers.{name}.{part}", f"twinshore_provider_{name}.{part}"):
        try:
            return import_module(module)
        except ModuleNotFoundError as err:
            # Only the provider itself may be missing here: what it needs and has not is a fault to be seen.
            if err.name is None or not (module == err.name or module.startswith(f"{err.name}.")):
                raise
    raise ProviderNotConfigured(f"There is no code for the payment provider {name}.")
