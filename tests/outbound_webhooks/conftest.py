"""A store of the test's own, the cell's keys, and subscriptions to a real receiver."""

from __future__ import annotations

import json
import time
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Iterator, NamedTuple

import pytest

from tests.support.receiver import Receiver
from twinshore.events import Event
from twinshore.idempotency import IdempotencyKey
from twinshore.outbound_public import post_public
from twinshore.outbound_webhooks.deliveries import fan_out
from twinshore.outbound_webhooks.signing import SigningKeys, signing_keys
from twinshore.outbound_webhooks.subscriptions import Subscription, Wish, subscribe
from twinshore.outbound_webhooks.sweeping import Swept, send_due
from twinshore.store.sqlite import SqliteStore

NOW = int(time.time())
LOOPBACK = "http://127.0.0.1"
ORDER = "01jdtwinshore0000000000001"
PAID = {"order_id": ORDER, "amount_minor": 9200, "currency": "SAR", "note": "茶"}
CAPTURED = Event(f"{ORDER}.captured", "payment.captured", NOW, PAID)


class Shop(NamedTuple):
    """Our side."""

    store: SqliteStore
    keys: SigningKeys

    def subscribe(
        self, url: str, *events: str, key: str = "k1", owner: str = "erp", now: int = NOW
    ) -> tuple[Subscription, str]:
        request = IdempotencyKey(key, f"fingerprint of {key} {url} {events}")
        wish = Wish(owner, url, events or ("payment.captured",), request)
        return subscribe(self.store, self.keys, wish, LOOPBACK, now)

    def tell(self, event: Event = CAPTURED, now: int = NOW) -> int:
        return fan_out(event, self.store, now)

    def send(self, now: int = NOW, keys: SigningKeys | None = None, budget_seconds: float = 40.0) -> Swept:
        post = partial(post_public, exempt=LOOPBACK)
        return send_due(self.store, post, lambda: keys or self.keys, now, budget_seconds)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    store = SqliteStore(tmp_path / "store.db")
    yield Shop(store, signing_keys(json.dumps([{"id": "a", "secret": "0a" * 32}])))
    store.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def readers_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The public verifier refuses what is five minutes old; its clock stands at the tests' own NOW."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.fromtimestamp(NOW, tz)

    monkeypatch.setattr("standardwebhooks.webhooks.datetime", Clock)
