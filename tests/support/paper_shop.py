"""A shop for tests of the payments room: a real store on a file, two paper providers, a clock that is set by hand."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any, Callable, Iterable

from tests.support.paper_provider import PaperProvider
from tests.support.rates import fresh
from twinshore.cells import BY_HAND, H5, INSTALMENTS, Market, Method
from twinshore.currencies import DIGITS
from twinshore.events import Event
from twinshore.fx import quote as fx
from twinshore.fx.port import RateTable
from twinshore.fx.quote import Holder
from twinshore.idempotency import IdempotencyKey
from twinshore.money import Money
from twinshore.payments import capturing, holding, orders, polling, postings, refunding, starting, webhooks
from twinshore.payments.by_hand import ByHand
from twinshore.payments.instalments import Instalments
from twinshore.payments.methods import PayerUnknown, Tills
from twinshore.payments.order import Order, load
from twinshore.payments.port import Acknowledgement, Payer
from twinshore.payments.refund_rules import RefundRule
from twinshore.store.sqlite import SqliteStore
from twinshore.tokens import Signer, SigningKey

NOW = 1_790_000_000
ANNA = "m_anna"
PRICE = Money(1299, "EUR")
METHODS = (
    Method("paper_money", "paper", (), ("eu",), rank=10),
    Method("card", "other", ("EUR", "CNY"), ("eu",), {"EUR": 50}, {"EUR": 500_000}, (H5,), rank=20),
    Method("phone_card", "other", ("EUR",), ("eu",), opens_in=(H5,), platforms=("ios",), rank=15),
    Method("cash_on_delivery", BY_HAND, ("EUR",), ("eu",), {}, {"EUR": 20_000}, rank=80),
    Method("instalments_3", INSTALMENTS, ("EUR", "HUF", "IDR", "JPY", "KWD"), ("eu",), {"EUR": 100}, parts=3, rank=90),
    Method("elsewhere_only", "other", (), ("cn",)),
)
MARKETS = {
    "DE": Market("DE", "eu", "EUR", ("en",), "49", ("card", "phone_card", "cash_on_delivery"), {}),
    "FR": Market("FR", "eu", "EUR", ("en",), "33", ("instalments_3", "paper_money", "card"), {}),
}
_keys = itertools.count(1)


def new_key(name: str = "") -> IdempotencyKey:
    name = name or f"key-{next(_keys)}"
    return IdempotencyKey(name, f"fingerprint of {name}")


class Shop:
    def __init__(self, path: Path | None, store: Any = None, now: int = NOW) -> None:
        self.now = now
        self._events: list[Event] = []
        self.store: Any = store
        if callable(store):  # opens it, and is told who listens to its commits and whose clock it goes by
            self.store = store(on_committed=self._heard, now=lambda: float(self.now))
        elif path is not None:
            self.store = SqliteStore(path, self._heard, synchronous="NORMAL", now=lambda: float(self.now))
        self.signer = Signer("eu", [SigningKey("k1", bytes(range(32)))])
        self.paper = PaperProvider()
        self.other = PaperProvider(b"other-secret")
        self.providers: dict[str, Any] = {"paper": self.paper, "other": self.other}
        self.strangers: set[str] = set()
        """Members whom the provider `paper` does not know."""
        self.plans = Instalments(self.store, lambda name: next(m.parts for m in METHODS if m.name == name))
        self.providers[BY_HAND], self.providers[INSTALMENTS] = ByHand(), self.plans
        self.tills = Tills(
            "eu", METHODS, MARKETS.get,
            self.providers.__getitem__,
            lambda provider: f"https://cell.example/v1/webhooks/{provider}",
            self._payer,
            ("https://shop.example/paid", "https://cell.example"),
            RefundRule(365, dict.fromkeys(DIGITS, 10**12)),
        )  # fmt: skip

    def _payer(self, provider: str, member_id: str, known: Payer) -> Payer:
        if member_id in self.strangers and provider == "paper":
            raise PayerUnknown
        return known._replace(wechat_openid=f"openid of {member_id}")

    def order(self, amount: Money = PRICE, member_id: str = ANNA) -> str:
        return str(self.place(self.wanted(amount, member_id))["order_id"])

    def wanted(self, amount: Money = PRICE, member_id: str = ANNA, quote_token: str = "") -> orders.NewOrder:
        return orders.NewOrder(Holder("eu", member_id), "A kettle", amount, new_key(), quote_token=quote_token)

    def lock(self, price: Money, charged: Money, margin_minor: int = 0, valid_seconds: int = 3_600, **more: Any) -> str:
        """The token of a rate lock: `price` for `charged`, whatever the market says."""
        margin = Money(margin_minor, charged.currency)
        holder = Holder("eu", more.pop("member_id", ANNA))
        quote = fx.Quote(f"q{next(_keys)}", holder, price, charged, margin, "0.1287", 100, "0.129987", "half-up", "ECB",
                         "2026-09-20", self.now, self.now + valid_seconds)._replace(**more)  # fmt: skip
        return fx.sign(quote, self.signer)

    def locked_order(self, price: Money, charged: Money, margin_minor: int = 0, valid_seconds: int = 3_600) -> str:
        token = self.lock(price, charged, margin_minor, valid_seconds)
        return str(self.place(self.wanted(price, quote_token=token))["order_id"])

    def place(self, new: orders.NewOrder) -> dict[str, Any]:
        return orders.open_order(self.store, self.signer, new, self.now)

    def start(self, order_id: str, method: str = "paper_money", member_id: str = ANNA, **more: Any) -> dict[str, Any]:
        wish = starting.Wish(order_id, member_id, method, new_key(), **more)
        return starting.start_payment(self.store, self.tills, wish, self.now)

    def paid_order(self, amount: Money = PRICE) -> str:
        order_id = self.order(amount)
        reference = self.start(order_id)["reference"]
        self.paper.pay(reference, self.now)
        self.webhook(self.paper.webhook(reference))
        return order_id

    def refund(self, order_id: str, amount_minor: int | None = None, key: str = "") -> dict[str, Any]:
        wish = refunding.RefundWish(order_id, ANNA, amount_minor, new_key(key), "changed my mind")
        return refunding.refund_order(self.store, self.tills, wish, self.now)

    def webhook(self, sent: tuple[dict[str, str], bytes], provider: str = "paper") -> Acknowledgement:
        return webhooks.receive(self.store, provider, self.providers[provider], *sent, self.now)

    def poll(self) -> polling.Polled:
        return polling.poll_due(self.store, self.providers.__getitem__, self.now)

    def come_back(self, order_id: str, reference: str, **returned: str) -> dict[str, Any]:
        back = capturing.Return(order_id, ANNA, reference, returned)
        return capturing.on_return(self.store, self.providers.__getitem__, back, self.now)

    def post_all(self) -> None:
        """What the `events` function does with news of money: in the order told, each twice."""
        for event in self.told():
            if event.name in ("payment.captured", "payment.refunded", "dispute.lost", "payment.lost"):
                postings.post(event, self.store)
                postings.post(event, self.store)

    def requote(self, rates: Callable[[], RateTable] | None = None) -> None:
        """What the `events` function does with the news that somebody must look."""
        for event in self.told("payment.flagged"):
            holding.requote(event, self.store, rates or (lambda: fresh(self.now)), self.now)

    def consume_authorised(self) -> None:
        """What the `events` function does with the news that payers have approved."""
        for event in self.told("payment.authorised"):
            capturing.capture_authorised(event, self.store, self.providers.__getitem__, self.now)

    def refresh(self, order_id: str) -> Order:
        return polling.refresh(self.store, self.providers.__getitem__, self.read(order_id), self.now)

    def read(self, order_id: str) -> Order:
        found = load(self.store, order_id)
        assert found is not None
        return found

    def shown(self, order_id: str) -> dict[str, Any]:
        return orders.shown(self.read(order_id), self.now)

    def state(self, order_id: str) -> str:
        return self.read(order_id).state(self.now)

    def told(self, name: str = "") -> list[Event]:
        """Every event that a commit has carried, in order, repeated ones included."""
        return [event for event in self._events if not name or event.name == name]

    def forget_events(self) -> None:
        self._events.clear()

    def _heard(self, events: Iterable[Event]) -> None:
        self._events.extend(events)
