"""How merchants' webhooks are plugged in: who fans events out, and by what they are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

from twinshore.outbound_webhooks.catalogue import INTERNAL, OFFERED

if TYPE_CHECKING:
    from twinshore.events import Event
    from twinshore.outbound_webhooks.port import Post
    from twinshore.outbox import Consumers
    from twinshore.store.port import Store


def and_subscribers(own: Consumers, store: Callable[[], Store], now: Callable[[], int]) -> Consumers:
    """The house's own consumers, and after them, for each event that is offered, whoever has subscribed to it. Every
    event that this code knows has its line, also those of which nobody is told."""

    def told(event: Event) -> None:
        from twinshore.outbound_webhooks.deliveries import fan_out

        fan_out(event, store(), now())

    return {
        name: (*own.get(name, ()), *((told,) if name in OFFERED else ())) for name in {**own, **OFFERED, **INTERNAL}
    }


def webhook_post(exempt: str) -> Post:
    """exempt: receivers besides the open internet, see `outbound_webhooks.targets.is_exempt`."""
    from functools import partial

    from twinshore.outbound_public import post_public

    return partial(post_public, exempt=exempt)
