"""Verify, remember, answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.paper_provider import ACKNOWLEDGED
from tests.support.paper_shop import NOW, Shop
from twinshore.errors import BadRequest
from twinshore.payments import port, webhooks
from twinshore.payments.port import SignatureRefused
from twinshore.store.port import StoreUnavailable


def paid(shop: Shop) -> tuple[str, str]:
    order_id = shop.order()
    reference = shop.start(order_id)["reference"]
    shop.paper.pay(reference, NOW)
    return order_id, reference


def test_a_webhook_is_answered_in_the_providers_own_words(shop: Shop) -> None:
    _, reference = paid(shop)
    assert shop.webhook(shop.paper.webhook(reference)) == ACKNOWLEDGED


def test_a_tampered_webhook_moves_nothing(shop: Shop) -> None:
    order_id, reference = paid(shop)
    headers, body = shop.paper.webhook(reference)
    before = shop.read(order_id)
    for forged in (body + b" ", body.replace(b"1299", b"1298"), b"", b"{}"):
        with pytest.raises(SignatureRefused):
            shop.webhook((headers, forged))
    with pytest.raises(SignatureRefused):
        shop.webhook(({}, body))
    assert shop.read(order_id) == before


def test_a_genuine_body_of_another_form_is_a_bad_request(shop: Shop) -> None:
    for body in (b"[]", b"{}", b"\xff", b'{"id": 1}'):
        with pytest.raises(BadRequest):
            shop.webhook(shop.paper.signed(body))


def test_a_word_that_we_never_saw_is_pending(shop: Shop) -> None:
    order_id, reference = paid(shop)
    shop.webhook(shop.paper.webhook(reference, word="SETTLED_MAYBE"))
    assert shop.state(order_id) == port.PENDING


def test_a_capture_whose_amount_the_webhook_does_not_say_is_fetched(shop: Shop) -> None:
    order_id, reference = paid(shop)
    shop.paper.calls.clear()
    shop.webhook(shop.paper.webhook(reference, amount=None))
    assert shop.paper.calls == ["query"]
    assert shop.state(order_id) == port.CAPTURED


def test_nothing_is_acknowledged_before_it_is_durable(shop: Shop) -> None:
    order_id, reference = paid(shop)

    class Down:
        get = staticmethod(shop.store.get)

        def commit(self, *changes: Any, events: Any = ()) -> None:
            raise StoreUnavailable("down")

    with pytest.raises(StoreUnavailable):
        webhooks.receive(Down(), "paper", shop.paper, *shop.paper.webhook(reference), NOW)  # type: ignore[arg-type]
    assert shop.state(order_id) == port.PENDING


def test_the_log_counts_notices_and_shows_no_body(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    _, reference = paid(shop)
    shop.webhook(shop.paper.webhook(reference))
    written = capsys.readouterr().out
    assert '"result": "moved"' in written
    assert "1299" not in written
