"""Sets up a cell's notification channels. A part of `wiring`, in a file of its own for its length.

A channel stands when the cells file offers it and a secret sets it up. The secrets are JSON objects:
    wechat_app  "templates": our template's name -> the id that the platform gave it
    mail        "sender": `Name <address>`; on Tencent "template_ids": `<template>.<language>` -> id in SES
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from twinshore import log
from twinshore.cells import Cell
from twinshore.notify.deliver import Channels
from twinshore.notify.port import EMAIL, SUBSCRIBE, Mail
from twinshore.secret_port import SecretMissing, Secrets

if TYPE_CHECKING:
    from twinshore.providers.wechat.notices import WechatNotices

MakeNotices = Callable[[dict[str, str]], "WechatNotices"]


class BadSetup(Exception):
    """A channel's secret is not the JSON object that it should be. Names it, shows nothing of it."""


class Setups(NamedTuple):
    """The secrets as they are now; None for a channel that the cells file does not offer, "" for a missing secret."""

    wechat_app: str | None
    mail: str | None


def setups(cell: Cell, secrets: Secrets) -> Setups:
    """Raises SecretsUnavailable."""
    offered = cell.notification_channels
    return Setups(
        _text(secrets, "wechat_app") if SUBSCRIBE in offered else None,
        _text(secrets, "mail") if EMAIL in offered else None,
    )


def channels_of(cell: Cell, setups: Setups, make_notices: MakeNotices, mail_endpoint: str) -> Channels:
    """`make_notices`: template ids -> WeChat's sender. `mail_endpoint`: base URL of a stand-in, or empty.

    Raises BadSetup.
    """
    app, mail = _setup("wechat_app", setups.wechat_app), _setup("mail", setups.mail)
    return Channels(_wechat(app, make_notices) if app else None, _mail(cell, mail, mail_endpoint) if mail else None)


def _wechat(app: dict[str, Any], make_notices: MakeNotices) -> WechatNotices | None:
    templates = app.get("templates") or {}
    if not isinstance(templates, dict):
        raise BadSetup("the secret wechat_app has templates that are no object")
    return make_notices({name: str(template_id) for name, template_id in templates.items()}) if templates else None


def _mail(cell: Cell, setup: dict[str, Any], endpoint: str) -> Mail:
    try:
        sender, template_ids = str(setup["sender"]), dict(setup.get("template_ids") or {})
    except (KeyError, TypeError, ValueError):
        raise BadSetup("the secret mail has no sender, or template_ids that are no object") from None
    from twinshore.measured import mail as counted

    if cell.cloud == "aws":
        from twinshore.clouds.aws.mail import SesMail

        return counted(SesMail(cell, sender, endpoint))
    from twinshore.clouds.tencent.mail import TencentMail

    return counted(TencentMail(cell, sender, template_ids, endpoint))


def _text(secrets: Secrets, name: str) -> str:
    try:
        return secrets.get(name)
    except SecretMissing:
        return ""


def _setup(name: str, text: str | None) -> dict[str, Any] | None:
    """None, and a line in the log if it is missing: a cell without this channel works, and tells its members by the
    others."""
    if text is None:
        return None
    if not text:
        log.line("warning", "a notification channel is not set up", setup=name)
        return None
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise BadSetup(f"the secret {name} is not a JSON object")
    return found
