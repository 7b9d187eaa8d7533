"""What timers ask for, by name; the wiring hands in what the jobs work with. infra/schedules.toml says when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Mapping, NamedTuple

if TYPE_CHECKING:
    from twinshore.cells import Residency
    from twinshore.fx.port import RateSource
    from twinshore.outbound_webhooks.signing import SigningKeys
    from twinshore.outbox import Consumers
    from twinshore.payments.port import PaymentProvider
    from twinshore.store.port import Store

    Jobs = Mapping[str, Callable[[int], object]]


class Parts(NamedTuple):
    """Each is asked for when a job runs that needs it."""

    store: Callable[[], Store]
    residency: Callable[[], Residency]
    rate_sources: Callable[[], Mapping[str, RateSource]]
    provider: Callable[[str], PaymentProvider]
    consumers: Callable[[], Consumers]
    webhook_keys: Callable[[], SigningKeys]
    webhook_receivers: Callable[[], str]


def jobs_of(parts: Parts) -> Jobs:
    """Each job takes the time in seconds since the epoch."""
    from twinshore.exchange.settlement import settle_days
    from twinshore.exchange_wiring import sweep_points
    from twinshore.fx.tables import refresh_all
    from twinshore.intercell_wiring import peers
    from twinshore.members_wiring import settle_tiers
    from twinshore.outbound_webhooks.sweeping import send_due
    from twinshore.outbox import sweep
    from twinshore.payments.polling import poll_due
    from twinshore.reconciliation_wiring import reconcile_cell
    from twinshore.rewards_wiring import sync_partners
    from twinshore.webhook_wiring import webhook_post

    store, provider = parts.store, parts.provider
    return {
        "fx-refresh": lambda at: refresh_all(store(), parts.rate_sources(), at),
        "payment-poll": lambda at: poll_due(store(), provider, at),
        "webhook-send": lambda at: send_due(store(), webhook_post(parts.webhook_receivers()), parts.webhook_keys, at),
        "points-sweep": lambda at: sweep_points(store(), parts.residency(), peers, at),
        "points-settlement": lambda at: settle_days(store(), peers(), at),
        "partner-sync": lambda at: sync_partners(store(), at),
        "outbox-sweep": lambda at: sweep(store(), parts.consumers(), at),
        "reconcile": lambda at: reconcile_cell(store(), provider, at),
        "member-tiers": lambda at: settle_tiers(store(), at),
        "expired-delete": lambda _: _delete_expired(store()),
    }


def _delete_expired(engine: Any) -> int:
    """How many items went. DynamoDB does it by itself; no read shows an expired item either way."""
    return int(engine.delete_expired()) if hasattr(engine, "delete_expired") else 0
