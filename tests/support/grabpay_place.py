"""A GrabPay provider with a real vault beside a twin, and what a payer's browser does."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Mapping, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from sandbox.twins.grabpay import GrabPayTwin
from twinshore import outbound
from twinshore.money import Money
from twinshore.payments.port import CAPTURED, Attempt, Notice, Payer, Started
from twinshore.providers.exchange import send_outbound
from twinshore.providers.grabpay.client import GrabPay, grabpay_from_secret
from twinshore.store.sqlite import SqliteStore
from twinshore.vault import StoreVault

if TYPE_CHECKING:
    from twinshore.providers.exchange import Send

NOTIFY_URL = "https://sea.api.shop.example/v1/webhooks/grabpay"
NOTIFY_PATH = "/v1/webhooks/grabpay"
RETURN_URL = "https://shop.example/pay/return"
REFERENCE = "o0000000000000000000000001-1"
SGD_1299, SGD_300 = Money(1299, "SGD"), Money(300, "SGD")
VAULT_KEYS = json.dumps([{"id": "k1", "secret": "5a" * 32}])


def vault_in(folder: Path) -> StoreVault:
    return StoreVault(SqliteStore(folder / "store.db"), "grabpay", lambda: VAULT_KEYS)


def provider(
    url: str, secret: Mapping[str, Any], vault: StoreVault, send: Send = send_outbound, notify: str = NOTIFY_URL
) -> GrabPay:
    return grabpay_from_secret(url, json.dumps(secret), notify, vault, send=send)


def attempt(reference: str = REFERENCE, amount: Money = SGD_1299) -> Attempt:
    return Attempt(
        reference, "o0000000000000000000000001", amount, "两罐茶", NOTIFY_URL, Payer(country="SG"),
        present() + 900, "grabpay", RETURN_URL,
    )  # fmt: skip


def present() -> int:
    return int(time.time())


def control(twin: GrabPayTwin, path: str, wanted: Mapping[str, Any]) -> outbound.Reply:
    return outbound.send("POST", f"{twin.url}/_twin/{path}", {}, json.dumps(wanted).encode())


def agree(twin: GrabPayTwin, started: Started, **wanted: Any) -> dict[str, str]:
    """The payer agrees at Grab (or declines); the query that their browser brings back."""
    reply = control(twin, "pay", {**started.client, **wanted})
    assert reply.status == 200, reply.body
    back = urlsplit(json.loads(reply.body)["return_to"])
    assert f"{back.scheme}://{back.netloc}{back.path}" == RETURN_URL
    return dict(parse_qsl(back.query))


class Place(NamedTuple):
    twin: GrabPayTwin
    vault: StoreVault
    pay: GrabPay

    def capture(self, **returned: str) -> Notice:
        return self.pay.capture(REFERENCE, "", returned, SGD_1299, present())

    def query(self) -> Notice:
        return self.pay.query(REFERENCE, "", present())

    def refund(self, refund_reference: str, amount: Money = SGD_300, provider_id: str = "") -> str:
        return self.pay.refund(REFERENCE, provider_id, refund_reference, amount, SGD_1299, present())

    def charge(self) -> dict[str, Any]:
        return self.twin.book.charges[REFERENCE]

    def paid(self) -> str:
        """GrabPay's id of it."""
        notice = self.capture(**agree(self.twin, self.pay.create(attempt(), present())))
        assert notice.state == CAPTURED
        return notice.provider_id
