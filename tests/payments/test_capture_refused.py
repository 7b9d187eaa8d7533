"""The provider refuses to take what the payer has approved."""

from __future__ import annotations

from tests.support.paper_shop import NOW, Shop
from twinshore.payments import port


def test_an_approval_that_is_gone_when_it_is_to_be_taken_has_failed_and_may_come_again(shop: Shop) -> None:
    """The card behind it was declined: the provider refuses the capture, and waits for the payer as at the start."""
    shop.paper.we_capture = True
    order_id = shop.order()
    reference = shop.start(order_id)["reference"]
    shop.paper.pay(reference, NOW)
    shop.webhook(shop.paper.webhook(reference))
    shop.paper.payments[reference] = shop.paper.payments[reference]._replace(word="WAITING", aside=None)
    shop.consume_authorised()
    assert shop.state(order_id) == port.FAILED
    shop.paper.payments[reference] = shop.paper.payments[reference]._replace(word="OPEN")
    shop.paper.pay(reference, NOW + 60)
    shop.webhook(shop.paper.webhook(reference))
    shop.consume_authorised()
    assert shop.state(order_id) == port.CAPTURED
