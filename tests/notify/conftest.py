"""A store of the test's own, the two channels' twins, and the room's ports on them."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any, Callable, Iterator, Mapping, NamedTuple

import pytest

from sandbox.twins.mail import MailTwin
from sandbox.twins.wechat import WechatTwin
from twinshore.cells import Residency, load_cells
from twinshore.clouds.aws.mail import SesMail
from twinshore.money import Money
from twinshore.notify import credit_ledger, preferences
from twinshore.notify.deliver import Channels, Delivery, Notice, deliver
from twinshore.notify.templates import TEMPLATES, Value
from twinshore.providers.wechat.client import WechatClient
from twinshore.providers.wechat.notices import WechatNotices
from twinshore.providers.wechat.token_lease import AccessTokenLease
from twinshore.store.port import Store
from twinshore.store.sqlite import SqliteStore

NOW = 1_795_359_660
MEMBER, OPENID, ADDRESS = "m_anna", "oTwin0000000000000000000anna", "anna.beispiel@mail.example.com"
TEMPLATE_IDS = {name: f"tmpl-{name}" for name in TEMPLATES}
CELLS = load_cells()
VALUES: dict[str, dict[str, Value]] = {
    "receipt": {"order_id": "01jdtwinshore0000000000001", "amount": Money(1299, "EUR"), "paid_at": NOW},
    "order_refunded": {"order_id": "01jdtwinshore0000000000001", "amount": Money(500, "EUR"), "refunded_at": NOW},
    "points_credited": {"points": 12, "reason": "Order 01jdtwinshore0000000000001", "credited_at": NOW},
    "voucher_issued": {"reward": "A visit to an airport lounge", "valid_until": NOW},
}


def control(url: str, path: str, body: Mapping[str, Any]) -> None:
    request = urllib.request.Request(url + path, json.dumps(body).encode(), method="POST")
    urllib.request.urlopen(request, timeout=5).close()


class Outside(NamedTuple):
    """The parties, and us in cell eu between them."""

    store: Store
    wechat: WechatTwin
    mail: MailTwin
    channels: Channels
    residency: Residency

    def allow(self, template: str = "receipt", times: int = 1, at_wechat: int | None = None) -> None:
        """The member's taps, as our ledger counts them and as WeChat does (`at_wechat`, if that differs)."""
        for _ in range(times):
            self.store.commit(*credit_ledger.accepted(MEMBER, [template]))
        keys = list(TEMPLATES[template].wordings["en"].fields)
        control(self.wechat.url, "/_twin/templates", {"template_id": TEMPLATE_IDS[template], "keys": keys})
        control(self.wechat.url, "/_twin/accept",
                {"openid": OPENID, "template_id": TEMPLATE_IDS[template],
                 "times": times if at_wechat is None else at_wechat})  # fmt: skip

    def choose(self, wechat: bool = True, email: bool = True, language: str = "en", address: str = ADDRESS) -> None:
        chosen = preferences.Preferences(
            {"wechat_subscribe": wechat, "email": email}, language, "Europe/Berlin", "", ""
        )
        preferences.change(self.store, self.residency, MEMBER, chosen, address)

    def send(self, template: str = "receipt", cause: str = "event-1", now: int = NOW) -> Delivery:
        return deliver(self.store, self.channels, Notice(cause, MEMBER, template, VALUES[template]), now)

    def credits(self, template: str = "receipt") -> int:
        return credit_ledger.balance(self.store, MEMBER, template)

    def said_by_wechat(self) -> list[dict[str, Any]]:
        return [entry for entry in self.wechat.journal if entry["what"] == "subscribe message delivered"]

    def calls_to_wechat(self) -> int:
        return sum(1 for entry in self.wechat.journal if entry["what"].startswith("subscribe message"))

    def letters(self) -> list[dict[str, Any]]:
        return self.mail.mailbox

    def force(self, errcode: int, times: int = 1) -> None:
        path = "/cgi-bin/message/subscribe/send"
        control(self.wechat.url, "/_twin/errcodes", {"path": path, "errcode": errcode, "times": times})


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return SqliteStore(str(tmp_path / "store.db"))


@pytest.fixture
def aws_role(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ASIATWINSHORETWIN000")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "twin-key-of-no-account")


@pytest.fixture
def outside(store: SqliteStore, aws_role: None) -> Iterator[Outside]:
    with WechatTwin() as wechat, MailTwin() as mail:
        appid, secret = next(iter(wechat.apps.items()))
        lease = AccessTokenLease(store, WechatClient(appid, secret, (wechat.url,)), _clock)
        openids: Callable[[str], str | None] = {MEMBER: OPENID}.get
        channels = Channels(
            WechatNotices(lease, openids, TEMPLATE_IDS),
            SesMail(CELLS.all["eu"], "Twinshore <no-reply@mail.example.com>", mail.url),
        )  # fmt: skip
        yield Outside(store, wechat, mail, channels, Residency(CELLS, "eu"))


def _clock() -> int:
    import time

    return int(time.time())
