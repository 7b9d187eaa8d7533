"""The parties that take payments here: the twins' own rules and signatures, without a socket, a folder or a thread.
Their clock and their post are the world's; they keep what members have paid, whatever becomes of our functions."""

from __future__ import annotations

import json
import threading
from functools import lru_cache
from typing import Any, Callable, Iterator, NamedTuple

from sandbox.twins import wechat_pay_keys
from sandbox.twins.server import TwinReply
from sandbox.twins.stripe import StripeTwin
from sandbox.twins.wechat_pay import WechatPayTwin
from twinshore.measured import provider as counted
from twinshore.providers.stripe.client import stripe_from_secret
from twinshore.providers.wechat_pay.client import wechat_pay_from_secret

PARTY = {"cn": "wechat_pay", "eu": "stripe"}
"""Who takes payments in which cell. In the others nobody buys."""
APPID = "wx0000000000000001"
BASE_URL = "https://party.simulated"


class Letter(NamedTuple):
    """A notice on its way to us."""

    id: str
    kind: str
    """In the party's words."""
    reference: str
    refund_reference: str
    url: str
    body: bytes


class Payment(NamedTuple):
    """What the party knows of one attempt of ours."""

    reference: str
    currency: str
    captured_minor: int
    """0: not paid."""
    refunds: tuple[tuple[str, int], ...]
    """Our reference ("" for one made at the party), and how much: those that have been carried out."""

    @property
    def refunded_minor(self) -> int:
        return sum(minor for _, minor in self.refunds)


class _Simulated:
    """In front of a twin's class: what the twin does by a server, a folder and a thread."""

    _about = ("", "", "")

    def __init__(self, keys: dict[str, Any], clock: Callable[[], float], post: Callable[[Letter], None]) -> None:
        self.appid, self.mchid = APPID, "1900000001"
        self.folder, self.journal, self.answers = None, [], {}
        self.faults: dict[str, Any] = {"probe": False}
        self.lock = threading.RLock()
        self.webhook_url, self.keys, self.notices = "", keys, self
        self.book: Any = self.open_book({})  # type: ignore[attr-defined]
        self._clock, self._post = clock, post

    def moment(self) -> float:
        return self._clock()

    def note(self, what: str, **facts: object) -> None:
        """The story of the run says it."""

    def add(self, notice_id: str, url: str, body: str, *, hold: str = "", probe: bool = False) -> None:
        self._post(Letter(notice_id, *self._about, url, body.encode()))

    def release(self, hold: str) -> None:
        """Nothing is held: the post is late as it is."""


class WechatPay(_Simulated, WechatPayTwin):  # type: ignore[misc]
    def _notify(self, event_type: str, original_type: str, content: dict[str, Any], url: str, hold: str) -> None:
        self._about = event_type, content["out_trade_no"], content.get("out_refund_no", "")
        super()._notify(event_type, original_type, content, url, hold)

    def reference_of(self, client: dict[str, Any]) -> str:
        prepay_id = client["package"].partition("=")[2]
        return next(number for number, order in self.book.orders.items() if prepay_id in order["prepay"])

    def is_closed(self, client: dict[str, Any]) -> bool:
        return self.book.transaction(self.reference_of(client), self.moment())["trade_state"] == "CLOSED"

    def reopen(self, client: dict[str, Any]) -> None:
        order = self.book.orders[self.reference_of(client)]
        wanted = {name: value for name, value in order["wanted"].items() if name != "time_expire"}
        order.update(state="NOTPAY", wanted=wanted)

    def take_less(self, client: dict[str, Any]) -> None:
        order = self.book.orders[self.reference_of(client)]
        amount = order["wanted"]["amount"]
        order["wanted"] = {**order["wanted"], "amount": {**amount, "total": amount["total"] - 1}}

    def payments(self) -> Iterator[Payment]:
        for number, order in self.book.orders.items():
            taken = order["wanted"]["amount"]["total"] if order["state"] == "SUCCESS" else 0
            back = [(one["out_refund_no"], one["amount"]) for one in self.book.refunds.values()
                    if one["out_trade_no"] == number and one["status"] == "SUCCESS"]  # fmt: skip
            yield Payment(number, "CNY", taken, tuple(back))


class Stripe(_Simulated, StripeTwin):  # type: ignore[misc]
    def event(self, kind: str, subject: dict[str, Any]) -> tuple[str, str]:
        metadata = subject["metadata"]
        self._about = kind, metadata.get("reference", ""), metadata.get("refund_reference", "")
        return super().event(kind, subject)

    def _intent(self, client: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = self.book.intent(client["client_secret"].partition("_secret_")[0])
        return found

    def reference_of(self, client: dict[str, Any]) -> str:
        return str(self._intent(client)["metadata"]["reference"])

    def is_closed(self, client: dict[str, Any]) -> bool:
        return bool(self._intent(client)["status"] == "canceled")

    def reopen(self, client: dict[str, Any]) -> None:
        self._intent(client)["status"] = "requires_payment_method"

    def take_less(self, client: dict[str, Any]) -> None:
        self._intent(client)["amount"] -= 1

    def refund_here(self, reference: str, share: float) -> TwinReply:
        """By a person in the party's own console, who names nothing of ours. Raises the book's refusal."""
        (intent,) = self.book.search("reference", reference)
        minor = max(1, int(intent["amount"] * share))
        return self._refund({"payment_intent": intent["id"], "amount": str(minor), "metadata[reference]": reference})

    def payments(self) -> Iterator[Payment]:
        for intent in self.book.intents.values():
            taken = intent["amount"] if intent["status"] == "succeeded" else 0
            back = [(one["metadata"].get("refund_reference", ""), one["amount"]) for one in self.book.refunds.values()
                    if one["payment_intent"] == intent["id"] and one["status"] == "succeeded"]  # fmt: skip
            yield Payment(intent["metadata"]["reference"], intent["currency"].upper(), taken, tuple(back))


Party = WechatPay | Stripe
_CLASSES: dict[str, Any] = {"wechat_pay": WechatPay, "stripe": Stripe}


@lru_cache(maxsize=None)
def keys_of(name: str) -> dict[str, Any]:
    """Made once per process, by the process's own randomness: nothing that a run shows depends on them."""
    made: dict[str, Any] = _CLASSES[name].make_keys(_CLASSES[name].__new__(_CLASSES[name]))
    return made


def party_in(cell: str, clock: Callable[[], float], post: Callable[[Letter], None], webhook_url: str) -> Party:
    name = PARTY[cell]
    made: Party = _CLASSES[name](keys_of(name), clock, post)
    made.webhook_url = webhook_url
    return made


def secrets_of(cell: str) -> dict[str, str]:
    """What this cell's secret store holds for its party."""
    name = PARTY.get(cell)
    if name is None:
        return {}
    if name == "stripe":
        return {"provider_stripe": json.dumps(keys_of(name))}
    keys = keys_of(name)
    platform = {keys["public_key_id"]: wechat_pay_keys.public_pem(keys["public_key_private_pem"])}
    secret = {name: keys[name] for name in ("merchant_serial", "merchant_private_key_pem", "api_v3_keys")}
    secret |= {"appid": APPID, "mchid": "1900000001", "platform_keys": platform}
    app = {"appid": APPID, "secret": "of nobody"}
    return {"provider_wechat_pay": json.dumps(secret), "wechat_app": json.dumps(app)}


def client_in(cell: str, secret_json: str, notify_url: str, send: Any) -> Any:
    """Our side: the real client. All it keeps is parsed keys, so all instances of a cell may have the same one."""
    if PARTY[cell] == "stripe":
        return counted(stripe_from_secret(BASE_URL, secret_json, send=send), "stripe")
    made = wechat_pay_from_secret(BASE_URL, secret_json, refund_notify_url=notify_url, send=send)
    return counted(made, "wechat_pay")
