"""The outside parties of the box: which twins there are, and what our cells' secrets say of them.

Twins make their keys at the first start and keep them, so that twins and cells still know each other after a restart.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable, Mapping, Sequence, Union

from sandbox.accounts import Account, make_twin
from sandbox.ports import PortPlan
from sandbox.twins.server import Twin

FIRST_PARTIES = ("wechat", "wechat_pay", "stripe", "stripe_sea", "stripe_us", "mail", "ecb")
"""In the order of their ports; the twins of further accounts follow them."""
SHARED_PARTIES = ("wechat", "mail", "ecb", "treasury_rates", "partner")
WECHAT_TEMPLATES = {
    "receipt": "box-receipt-00000000000000000000000000000001",
    "order_refunded": "box-refunded-0000000000000000000000000000002",
    "points_credited": "box-points-00000000000000000000000000000003",
    "voucher_issued": "box-voucher-0000000000000000000000000000004",
}
"""Our template names -> the ids that they have on the mini-program's account."""
MAIL_SENDER = "Twinshore <hello@twinshore.example>"
TENCENT_ACCOUNT = ("BOXTENCENTKEY", "box-secret-key-of-no-real-account")
AWS_ACCOUNT = ("BOXAWSKEY", "box-secret-key-of-no-real-account")
CODES_OF_EACH = 60
"""Of a partner's, for each stock of ours."""
WEBHOOK_RECEIVERS = "http://127.0.0.1"
"""A developer's own receiver on this machine may subscribe to our webhooks; in the clouds only public addresses may."""

PROVIDER_SWITCHES: dict[str, Any] = {
    "drop_notices": True, "wrong_signature": True, "notice_delay_seconds": 2, "lose_answer": True,
}  # fmt: skip
"""What the page offers at a payment provider beyond the faults of every twin; see each twin's docstring."""


Maker = Callable[[Union[Path, None], int], Twin]
"""Of a twin, with its folder and port."""


def parties(accounts: Sequence[Account]) -> list[str]:
    named = [*SHARED_PARTIES, *(account.party for account in accounts)]
    first = [name for name in FIRST_PARTIES if name in named]
    return first + [name for name in named if name not in first]


def start_twins(folder: Path | None, ports: PortPlan, accounts: Sequence[Account]) -> dict[str, Twin]:
    """folder: None for twins that remember nothing over a restart."""
    makers = _makers(ports, accounts)
    own = {name: None if folder is None else folder / name for name in ports.twins}
    return {name: makers[name](own[name], port).start() for name, port in ports.twins.items()}


def secrets_for(cell: str, twins: Mapping[str, Twin], accounts: Sequence[Account]) -> dict[str, str]:
    """By the names that the wiring asks for. A cell is given what its own methods need, nothing of another's."""
    from sandbox.twins.wechat import APPS

    appid, app_secret = next(iter(APPS.items()))
    return {
        "wechat_app": json.dumps({"appid": appid, "secret": app_secret, "templates": WECHAT_TEMPLATES}),
        "mail": json.dumps({"sender": MAIL_SENDER}),
        "rate_source": json.dumps(_secret_of(twins["treasury_rates"])),
        "reward_partners": json.dumps(_partners_of(cell)),
        **{
            f"provider_{account.provider}": json.dumps(_secret_of(twins[account.party]))
            for account in accounts
            if account.cell == cell
        },
    }


def addresses_for(cell: str, ports: PortPlan, accounts: Sequence[Account]) -> dict[str, str]:
    """Outside party -> base URL, as this cell sees it."""
    own = {account.provider: account.party for account in accounts if account.cell == cell}
    seen = {**{name: name for name in SHARED_PARTIES}, **own}
    addresses = {name: ports.url(ports.twins[party]) for name, party in seen.items()}
    return {**addresses, "webhook_receivers": WEBHOOK_RECEIVERS}


def role_of(cloud: str) -> dict[str, str]:
    """What the platform puts into a function's environment for its role."""
    if cloud == "aws":
        return {"AWS_ACCESS_KEY_ID": AWS_ACCOUNT[0], "AWS_SECRET_ACCESS_KEY": AWS_ACCOUNT[1]}
    return {"TENCENTCLOUD_SECRETID": TENCENT_ACCOUNT[0], "TENCENTCLOUD_SECRETKEY": TENCENT_ACCOUNT[1],
            "TENCENTCLOUD_RUNENV": "SCF"}  # fmt: skip


def _makers(ports: PortPlan, accounts: Sequence[Account]) -> dict[str, Maker]:
    from sandbox.twins.ecb import EcbTwin
    from sandbox.twins.mail import MailTwin
    from sandbox.twins.partner import PartnerTwin
    from sandbox.twins.treasury_rates import TreasuryRatesTwin
    from sandbox.twins.wechat import APPS, WechatTwin
    from twinshore.notify.templates import TEMPLATES

    def payments(account: Account) -> Maker:
        endpoint = ports.url(ports.cells[account.cell])
        more = {"appid": next(iter(APPS))} if account.provider.startswith("wechat_pay") else {}
        return lambda folder, port: make_twin(account, folder, port, endpoint, **more)

    def wechat(folder: Path | None, port: int) -> Twin:
        twin = WechatTwin(folder, port)
        for name, template_id in WECHAT_TEMPLATES.items():
            twin.state["templates"][template_id] = list(TEMPLATES[name].wordings["en"].fields)
        return twin

    return {
        "wechat": wechat,
        "ecb": EcbTwin,
        "treasury_rates": TreasuryRatesTwin,
        "partner": lambda folder, port: PartnerTwin(folder, port, _stocks()),
        "mail": lambda folder, port: MailTwin({TENCENT_ACCOUNT[0]: (TENCENT_ACCOUNT[1], "")}, folder, port),
        **{account.party: payments(account) for account in accounts},
    }


def _stocks() -> dict[str, dict[str, int]]:
    """Codes of each stocked reward in every region, by the partners' accounts of our cells."""
    from twinshore.cells import load_cells
    from twinshore.rewards.catalogue import Shop

    cells = load_cells()
    stocks: dict[str, dict[str, int]] = {}
    for cell in cells.all:
        for offer in Shop(cells, cell).stocked():
            stocks.setdefault(f"{offer.partner.name}-{cell}", {})[offer.id] = CODES_OF_EACH
    return stocks


def _partners_of(cell: str) -> dict[str, Any]:
    from sandbox.twins.partner import PartnerTwin

    accounts = [account.rpartition("-") for account in _stocks()]
    return {partner: PartnerTwin.secret(f"{partner}-{cell}") for partner, _, where in accounts if where == cell}


def _secret_of(twin: Any) -> dict[str, Any]:
    secret: dict[str, Any] = twin.secret()
    return secret
