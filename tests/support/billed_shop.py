"""A shop whose payments go through a provider's twin over HTTP, and that hears of them by asking: for bills.

The clock of both stands at noon of the day, unless a test says when; bills are read on the day after.
"""

from __future__ import annotations

import json
from typing import Any, Callable

from sandbox.twins.stripe import StripeTwin
from sandbox.twins.wechat_pay import WechatPayTwin
from tests.support.paper_shop import Shop
from twinshore.cells import Method
from twinshore.money import Money
from twinshore.outbound import send
from twinshore.payments.completion import apply
from twinshore.payments.port import Notice
from twinshore.payments.refunding import ask_for_refund
from twinshore.providers.choice import bills_builder, build_provider, capabilities_of
from twinshore.providers.setup import Setup
from twinshore.providers.stripe.status import DISPUTE_STATUS
from twinshore.reconciliation import daybook
from twinshore.reconciliation.days import DAY_SECONDS, days_later, starts_at
from twinshore.reconciliation.differences import Difference, read
from twinshore.reconciliation.reconcile import Party, Reconciled, reconcile

DAY = "2026-09-21"
CURRENCY = {"stripe": "EUR", "wechat_pay": "CNY"}
CLOUD_ENGINES = ("sqlite", "postgres", "ministack")
CAPTURED, REFUNDED = "payment.captured", "payment.refunded"
ENTERED = {
    CAPTURED: daybook.enter_capture,
    REFUNDED: daybook.enter_refund,
    "dispute.lost": daybook.enter_dispute,
    "dispute.won": daybook.enter_dispute,
}


class BilledShop(Shop):
    def __init__(self, open_store: Callable[..., Any], twin: StripeTwin | WechatPayTwin) -> None:
        super().__init__(None, open_store)
        self.twin, self.name = twin, twin.name
        setup = Setup(json.dumps(twin.secret()), twin.url, "https://cell.example/v1/webhooks/x", None)  # type: ignore[arg-type]
        provider: Any = build_provider(self.name, setup)
        build = bills_builder(self.name)
        assert build is not None
        self.providers[self.name] = provider
        self.tills = self.tills._replace(
            methods=(Method("card", self.name, ()),),
            payer=lambda name, member_id, known: known._replace(wechat_openid="openid-of-nobody"),
        )
        self.party = Party(self.name, provider, build(setup), capabilities_of(self.name).bill_zone)
        self.day = DAY
        self.starts = starts_at(DAY, self.party.zone)
        self._entered = 0
        self.bill()

    def bill(self, at: int = 0, **wrong: Any) -> None:
        """From now on things happen at `at`, and the bill is wrong in these ways."""
        self.now = at or self.starts + DAY_SECONDS // 2
        self.faults(bill=wrong)

    def faults(self, **more: Any) -> None:
        self._switches = {"drop_notices": True, **more}
        self._control("/_twin/faults", {"clock": self.now, **self._switches})

    def started(self, amount_minor: int = 1299) -> tuple[str, str]:
        """Order and reference."""
        order_id = self.order(Money(amount_minor, CURRENCY[self.name]))
        started = self.start(order_id, "card")
        self._client = started["client"]
        return order_id, str(started["reference"])

    def pays(self, amount_minor: int = 1299) -> tuple[str, str]:
        """Paid, and we have not heard of it."""
        order_id, reference = self.started(amount_minor)
        wanted: Any = {"client_secret": self._client["client_secret"]} if self.name == "stripe" else self._client
        self._control("/_twin/pay", wanted)
        return order_id, reference

    def paid(self, amount_minor: int = 1299) -> tuple[str, str]:
        order_id, reference = self.pays(amount_minor)
        self.refresh(order_id)
        return order_id, reference

    def refunds(self, order_id: str, amount_minor: int) -> str:
        """Our reference of it. Weixin Pay says by a notice that a refund is through; here we ask once more."""
        told = self.refund(order_id, amount_minor)
        order = self.read(order_id)
        if told["status"] != "refunded":
            refund, attempt = order.refunds[-1], order.attempts[0]
            order = ask_for_refund(self.store, self.party.provider, order, attempt, refund, self.now)
        return order.refund_reference(order.refunds[-1])

    def disputes(self, order_id: str, status: str, told: bool = True) -> str:
        """The payer's bank asks ("needs_response") or decides ("won", "lost"); our reference of the payment."""
        attempt = self.read(order_id).attempts[0]
        self._control("/_twin/dispute", {"payment_intent": attempt.provider_id, "status": status})
        if told:
            word = DISPUTE_STATUS[status]
            amount = self.read(order_id).amount
            apply(self.store, self.name, Notice(f"d-{word}", "", attempt.provider_id, word, amount, self.now), self.now)
        return self.read(order_id).reference(attempt)

    def hears(self, times: int = 1) -> None:
        """The day-book's consumers are told what was committed since; each event `times` times."""
        new = [event for event in self.told() if event.name in ENTERED][self._entered :]
        self._entered += len(new)
        for event in new * times:
            ENTERED[event.name](event, self.store, self.party.zone)

    def reconcile(self, day: str = "") -> Reconciled:
        """At 04:00 UTC of the next day."""
        self.now = starts_at(days_later(day or self.day, 1), "UTC") + 4 * 3600
        self.faults(**self._switches)
        return reconcile(self.store, self.party, day or self.day, self.now)

    def differences(self, day: str = "") -> list[Difference]:
        return list(read(self.store, self.name, day or self.day))

    def found(self, day: str = "") -> list[tuple[str, str, str, str, str]]:
        return [(one.kind, one.name, one.action, one.state, one.outcome) for one in self.differences(day)]

    def _control(self, path: str, content: dict[str, Any]) -> None:
        reply = send("POST", self.twin.url + path, {"Content-Type": "application/json"}, json.dumps(content).encode())
        assert reply.status == 200, reply.body
