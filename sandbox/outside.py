"""The outside parties of the box: which twins there are, and what our cells' secrets say of them.

Twins make their keys at the first start and keep them, so that twins and cells still know each other after a restart.
Each AWS cell has a Stripe account of its own, as each legal entity has: a webhook endpoint belongs to one account.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable, Mapping

from sandbox.ports import PortPlan
from sandbox.twins.server import Twin

PARTIES = ("wechat", "wechat_pay", "stripe", "stripe_sea", "stripe_us", "mail", "ecb")
"""In the order of their ports."""
STRIPE_OF = {"eu": "stripe", "sea": "stripe_sea", "us": "stripe_us"}
WECHAT_TEMPLATES = {
    "receipt": "box-receipt-00000000000000000000000000000001",
    "order_refunded": "box-refunded-0000000000000000000000000000002",
    "points_credited": "box-points-00000000000000000000000000000003",
}
"""Our template names -> the ids that they have on the mini-program's account."""
MAIL_SENDER = "Twinshore <hello@twinshore.example>"
TENCENT_ACCOUNT = ("BOXTENCENTKEY", "box-secret-key-of-no-real-account")
AWS_ACCOUNT = ("BOXAWSKEY", "box-secret-key-of-no-real-account")
WEBHOOK_PATH = "/v1/webhooks/stripe"
WEBHOOK_RECEIVERS = "http://127.0.0.1"
"""A developer's own receiver on this machine may subscribe to our webhooks; in the clouds only public addresses may."""

SWITCHES: dict[str, dict[str, Any]] = {
    "wechat_pay": {"drop_notices": True, "wrong_signature": True, "notice_delay_seconds": 2, "lose_answer": True},
    "stripe": {"drop_notices": True, "wrong_signature": True, "notice_delay_seconds": 2, "lose_answer": True},
}
"""What the page offers beyond the faults of every twin; see each twin's docstring."""


def start_twins(folder: Path, ports: PortPlan) -> dict[str, Twin]:
    makers = _makers(ports)
    return {name: makers[name](folder / name, port).start() for name, port in ports.twins.items()}


def secrets_for(cell: str, twins: Mapping[str, Twin]) -> dict[str, str]:
    """By the names that the wiring asks for. A cell is given what its own methods need, nothing of another's."""
    from sandbox.twins.wechat import APPS

    appid, app_secret = next(iter(APPS.items()))
    given = {
        "wechat_app": json.dumps({"appid": appid, "secret": app_secret, "templates": WECHAT_TEMPLATES}),
        "mail": json.dumps({"sender": MAIL_SENDER}),
    }
    if cell == "cn":
        given["provider_wechat_pay"] = json.dumps(_secret_of(twins["wechat_pay"]))
    else:
        given["provider_stripe"] = json.dumps(_secret_of(twins[STRIPE_OF[cell]]))
    return given


def addresses_for(cell: str, ports: PortPlan) -> dict[str, str]:
    """Outside party -> base URL, as this cell sees it."""
    seen = {name: ports.url(port) for name, port in ports.twins.items() if not name.startswith("stripe")}
    seen["webhook_receivers"] = WEBHOOK_RECEIVERS
    return {**seen, **({"stripe": ports.url(ports.twins[STRIPE_OF[cell]])} if cell in STRIPE_OF else {})}


def role_of(cloud: str) -> dict[str, str]:
    """What the platform puts into a function's environment for its role."""
    if cloud == "aws":
        return {"AWS_ACCESS_KEY_ID": AWS_ACCOUNT[0], "AWS_SECRET_ACCESS_KEY": AWS_ACCOUNT[1]}
    return {"TENCENTCLOUD_SECRETID": TENCENT_ACCOUNT[0], "TENCENTCLOUD_SECRETKEY": TENCENT_ACCOUNT[1],
            "TENCENTCLOUD_RUNENV": "SCF"}  # fmt: skip


def switches_of(party: str) -> dict[str, Any]:
    return SWITCHES.get("stripe" if party in STRIPE_OF.values() else party, {})


def _makers(ports: PortPlan) -> dict[str, Callable[[Path, int], Twin]]:
    from sandbox.twins.ecb import EcbTwin
    from sandbox.twins.mail import MailTwin
    from sandbox.twins.stripe import StripeTwin
    from sandbox.twins.wechat import APPS, WechatTwin
    from sandbox.twins.wechat_pay import WechatPayTwin
    from twinshore.notify.templates import TEMPLATES

    def stripe(cell: str) -> Callable[[Path, int], Twin]:
        webhook = ports.url(ports.cells[cell]) + WEBHOOK_PATH
        return lambda folder, port: _as_named(STRIPE_OF[cell], StripeTwin(folder, port, webhook_url=webhook))

    def wechat(folder: Path, port: int) -> Twin:
        twin = WechatTwin(folder, port)
        for name, template_id in WECHAT_TEMPLATES.items():
            twin.state["templates"][template_id] = list(TEMPLATES[name].wordings["en"].fields)
        return twin

    return {
        "wechat": wechat,
        "wechat_pay": lambda folder, port: WechatPayTwin(folder, port, appid=next(iter(APPS))),
        "ecb": EcbTwin,
        "mail": lambda folder, port: MailTwin({TENCENT_ACCOUNT[0]: (TENCENT_ACCOUNT[1], "")}, folder, port),
        **{name: stripe(cell) for cell, name in STRIPE_OF.items()},
    }


def _as_named(name: str, twin: Twin) -> Twin:
    twin.name = name
    return twin


def _secret_of(twin: Any) -> dict[str, Any]:
    secret: dict[str, Any] = twin.secret()
    return secret
