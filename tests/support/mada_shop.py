"""A shop that takes mada through one gateway: the payments room, its twin, and the notices in between."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Callable, Mapping

from tests.support.paper_shop import Shop
from tests.support.receiver import Receiver
from twinshore import outbound
from twinshore.cells import Method
from twinshore.money import Money
from twinshore.payments.port import CAPTURED, DISPUTED, PART_REFUNDED, REFUNDED
from twinshore.providers.exchange import send_outbound
from twinshore.vault import StoreVault

TOTAL = Money(9200, "SAR")


class MadaShop(Shop):
    """build: the gateway's `…_from_secret`. decline: a word of the gateway for a declined card."""

    def __init__(self, path: Path, twin: Any, build: Callable[..., Any], decline: str, receiver: Receiver) -> None:
        super().__init__(path, now=int(time.time()))
        self.twin, self.gateway, self.decline = twin, twin.name, decline
        self._receiver, self._read = receiver, 0
        twin.webhook_url = receiver.url
        vault = StoreVault(self.store, twin.name, lambda: json.dumps([{"id": "k", "secret": "22" * 32}]))
        self.providers[twin.name] = build(twin.url, json.dumps(twin.secret()), vault, send=send_outbound)
        self.tills = self.tills._replace(methods=(Method("mada", twin.name, ("SAR",)),))

    def control(self, path: str, wanted: Mapping[str, Any]) -> int:
        return outbound.send("POST", f"{self.twin.url}/_twin/{path}", {}, json.dumps(wanted).encode()).status

    def news(self, count: int) -> None:
        """The next so many notices, as they come: twice, and the newest first."""
        got = self._receiver.wait_for(self._read + count)
        for one in got[self._read :]:
            assert self.webhook((one.headers, one.body), self.gateway).status == 200
        self._read = len(got)

    def started(self) -> tuple[str, dict[str, Any]]:
        order_id = self.order(TOTAL)
        return order_id, dict(self.start(order_id, "mada")["client"])


def walk_from_declined_to_disputed(shop: MadaShop, news: Mapping[str, int]) -> None:
    """news: how many notices the gateway sends for each step."""
    order_id, client = shop.started()
    assert shop.control("pay", {**client, "decline": shop.decline}) == 402
    shop.news(news["decline"])
    assert shop.state(order_id) == "failed"
    assert shop.control("pay", client) == 200
    shop.news(news["pay"])
    assert shop.state(order_id) == CAPTURED
    paid = shop.read(order_id).attempts[0]
    assert paid.provider_id
    shop.refund(order_id, 300)
    shop.news(news["refund"])
    assert (shop.state(order_id), shop.read(order_id).attempts[0].refunded_minor) == (PART_REFUNDED, 300)
    assert shop.control("dispute", {"payment": paid.provider_id}) == 200
    shop.news(news["dispute"])
    assert shop.state(order_id) == DISPUTED
    assert [event.name for event in shop.told()].count("payment.captured") == 1
    assert not [flag for flag in shop.read(order_id).flags if flag.reason != "disputed"]


def walk_where_nothing_is_told(shop: MadaShop) -> None:
    """Everything is found by asking: the payment, the refund of the rest."""
    shop.control("faults", {"drop_notices": True})
    order_id, client = shop.started()
    assert shop.start(order_id, "mada")["client"] == client
    assert shop.control("pay", client) == 200
    assert shop.refresh(order_id).state(shop.now) == CAPTURED
    shop.refund(order_id, 4200)
    shop.refund(order_id)
    assert shop.state(order_id) == REFUNDED
    assert shop.read(order_id).attempts[0].refunded_minor == TOTAL.amount_minor


def walk_where_the_same_news_come_again(shop: MadaShop, paid: int) -> None:
    """Issue museum, row 2: VivaPayments #2553. Acknowledged after an hour, a day and eight days, with no effect."""
    order_id, client = shop.started()
    shop.control("pay", client)
    shop.news(paid)
    kept, told = shop.read(order_id), len(shop.told())
    for later in (3_600, 86_400, 8 * 86_400):
        shop.now += later
        for one in list(shop._receiver.received):
            assert shop.webhook((one.headers, one.body), shop.gateway).status == 200
    assert shop.read(order_id) == kept
    assert len(shop.told()) == told
