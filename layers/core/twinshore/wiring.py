"""Plugs adapters into ports, by hand, in one place, late: nothing is built and no environment is read at import.

Each function builds its part at the first call and keeps it for the life of the instance. Imports of adapters stand
inside the functions, so that a door carries only its own luggage. What `deployment` says (cell, clock, secrets) can be
asked here too: a door has one thing to be handed, and a test one thing to reset.
"""

from __future__ import annotations

import json
import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Callable, Mapping, Sequence

from twinshore import deployment
from twinshore.deployment import Misconfigured, kept
from twinshore.deployment import cell as cell
from twinshore.deployment import cell_name as cell_name
from twinshore.deployment import cells as cells
from twinshore.deployment import cloud as cloud
from twinshore.deployment import endpoint_of as endpoint_of
from twinshore.deployment import now as now
from twinshore.deployment import outside as outside
from twinshore.deployment import residency as residency
from twinshore.deployment import secret as secret
from twinshore.deployment import settings as settings
from twinshore.errors import NotFound
from twinshore.payments_wiring import HOUSE, house_provider, notify_url, plans_in, tills_of

if TYPE_CHECKING:
    from twinshore.events import Event
    from twinshore.fx.port import RateSource
    from twinshore.jobs import Jobs
    from twinshore.login.home import Home
    from twinshore.notify.deliver import Channels
    from twinshore.notify_wiring import Setups
    from twinshore.outbound_webhooks.signing import SigningKeys
    from twinshore.outbox import Consumers
    from twinshore.payments.methods import Tills
    from twinshore.payments.port import PaymentProvider
    from twinshore.points.book import Ledger
    from twinshore.providers.wechat.client import WechatClient
    from twinshore.providers.wechat.notices import WechatNotices
    from twinshore.providers.wechat.token_lease import AccessTokenLease
    from twinshore.reconciliation.reconcile import Party
    from twinshore.store.port import Store
    from twinshore.tokens import Signer


def sessions() -> Signer:
    """Signs and verifies this cell's tokens: sessions, services, promises. A rotated secret makes another one."""
    return _signer(cell_name(), secret("session_keys"))


@lru_cache(maxsize=2)
def _signer(cell: str, secret_json: str) -> Signer:
    from twinshore.tokens import signer_from_secret

    return signer_from_secret(cell, secret_json)


def read_token(kind: str, token: str, now: int) -> dict[str, Any]:
    return sessions().verify(kind, token, now)


def rate_sources() -> Mapping[str, RateSource]:
    """Reference rates, by origin, in order of trust."""
    from twinshore.fx_wiring import sources

    return sources(outside, lambda: secret("rate_source"))


_after_commit: list[Callable[[Sequence[Event]], None]] = []


def on_committed(hook: Callable[[Sequence[Event]], None]) -> None:
    """Have `hook(events)` called after each commit that carried events, by stores without a change stream, in place of
    the cloud's own way of waking the `events` function. Whatever a hook misses the timer finds."""
    _after_commit[:] = [hook]


def _committed(events: Sequence[Event]) -> None:
    if _after_commit:
        _after_commit[0](events)
    elif cloud() == "tencent" and os.environ.get("SCF_FUNCTIONNAME"):
        from twinshore.clouds.tencent.functions import wake

        wake(
            os.environ["SCF_FUNCTIONNAME"],
            events,
            cell().region,
            outside("scf", ""),
            os.environ.get("TWINSHORE_ALIAS") or "$DEFAULT",
        )


@kept
def store() -> Store:
    """Each item in the shape that this code knows."""
    from twinshore.store.versions import Versioned

    return Versioned(engine())


@kept
def engine() -> Any:
    """The store as it is, for operators' tools."""
    kind, _, rest = settings().store.partition(":")
    if kind == "sqlite":
        from twinshore.store.sqlite import SqliteStore

        return SqliteStore(rest, on_committed=_committed)
    if kind == "dynamodb":
        from twinshore.clouds.aws.client import dynamodb
        from twinshore.store.dynamodb import DynamoStore

        return DynamoStore(dynamodb(cell().region), rest)
    if kind == "dynamodb-sdk":
        from twinshore.clouds.aws.sdk import client
        from twinshore.store.dynamodb import DynamoStore

        return DynamoStore(client("dynamodb", cell().region), rest)
    if kind == "postgresql":
        from twinshore.store.postgres import PostgresStore, connector

        return PostgresStore(connector(lambda: secret(rest or "database")), on_committed=_committed)
    raise Misconfigured("TWINSHORE_STORE is not sqlite:PATH, dynamodb:TABLE or postgresql:SECRET")


def wechat() -> WechatClient:
    """The mini-program of this cell; its secret `wechat_app` is a JSON object {"appid", "secret"}."""
    return _wechat(secret("wechat_app"))


@kept
def _wechat(secret_json: str) -> WechatClient:
    """Kept until the secret changes, as providers are."""
    from twinshore.measured import measured
    from twinshore.providers.wechat.client import GENERAL_HOSTS, WechatClient

    try:
        app = json.loads(secret_json)
        appid, app_secret = str(app["appid"]), str(app["secret"])
    except (ValueError, TypeError, KeyError):
        raise Misconfigured('the secret wechat_app is not {"appid", "secret"}') from None
    twin = outside("wechat", "")
    nearest = cell().wechat_host
    hosts = (twin,) if twin else (nearest, *(host for host in GENERAL_HOSTS if host != nearest))
    return measured(WechatClient(appid, app_secret, hosts), "wechat", ("code2session", "stable_token", "call"))


def wechat_lease() -> AccessTokenLease:
    """The access token that all instances of this cell share."""
    return _wechat_lease(secret("wechat_app"))


@kept
def _wechat_lease(secret_json: str) -> AccessTokenLease:
    from twinshore.providers.wechat.token_lease import AccessTokenLease

    return AccessTokenLease(store(), _wechat(secret_json), now)


def login_home() -> Home:
    from twinshore.login.home import Home

    return Home(store(), residency(), sessions())


def points_of(member_id: str, programme: str = "") -> Ledger:
    """ "" is the programme of this cell's shore. Raises UnknownProgramme."""
    from twinshore.points.book import Ledger
    from twinshore.points.programmes import programme_named

    return Ledger(store(), residency(), member_id, programme_named(programme, residency().shore).name)


def payment_provider(name: str) -> PaymentProvider:
    """One of this cell's providers; its secret is `provider_<name>`. Raises NotFound for any other name."""
    if name in HOUSE:
        return house_provider(name, store())
    if name not in cells().providers_in(cell_name()):
        raise NotFound("no such payment provider here")
    return _payment_provider(name, secret(f"provider_{name}"))


@kept
def _payment_provider(name: str, secret_json: str) -> PaymentProvider:
    """Kept until the secret changes: a rotated key is in use as soon as the secret is read anew."""
    from twinshore.measured import provider as counted
    from twinshore.providers.choice import build_provider
    from twinshore.providers.setup import Setup
    from twinshore.vault import StoreVault

    vault = StoreVault(store(), name, lambda: secret("vault_keys"))
    return counted(build_provider(name, Setup(secret_json, outside(name, ""), notify_url(name), vault)), name)


def bill_from_file(name: str, csv: str) -> Party:
    """One of this cell's providers, with a bill in the common form. Raises NotFound for any other name."""
    from twinshore.reconciliation_wiring import party_with_file

    return party_with_file(name, payment_provider, csv)


def tills() -> Tills:
    """What this cell takes payments with."""
    return tills_of(payment_provider, wechat_openid)


def notification_channels() -> Channels:
    """What this cell tells its members by."""
    from twinshore.notify_wiring import setups

    return _channels(setups(cell(), deployment.secrets()))


@kept
def _channels(setups: Setups) -> Channels:
    """Kept until one of the secrets changes."""
    from twinshore.notify_wiring import channels_of
    from twinshore.providers.wechat.notices import WechatNotices

    def notices(templates: dict[str, str]) -> WechatNotices:
        return WechatNotices(wechat_lease(), wechat_openid, templates)

    return channels_of(cell(), setups, notices, outside("mail", ""))


@kept
def consumers() -> Consumers:
    """Who is told what."""
    from twinshore.consumers import Parts, consumers_of
    from twinshore.members_wiring import and_members
    from twinshore.reconciliation_wiring import and_daybook
    from twinshore.rewards_wiring import and_vouchers
    from twinshore.webhook_wiring import and_subscribers

    own = consumers_of(Parts(store, residency, now, notification_channels, payment_provider, lambda: plans_in(store())))
    own = and_vouchers(and_members(and_daybook(own, store), store, points_of, now), store, now)
    return and_subscribers(own, store, now)


def webhook_keys() -> SigningKeys:
    """What the secrets of merchants' webhook subscriptions are derived from."""
    from twinshore.outbound_webhooks.signing import signing_keys

    return signing_keys(secret("webhook_signing_keys"))


def webhook_receivers() -> str:
    """Where webhooks may go besides the open internet: receivers in the box; "" in the clouds."""
    return outside("webhook_receivers", "")


@kept
def jobs() -> Jobs:
    """What timers ask for, by name; each takes the time in seconds since the epoch."""
    from twinshore.jobs import Parts, jobs_of

    return jobs_of(Parts(store, residency, rate_sources, payment_provider, consumers, webhook_keys, webhook_receivers))


def bind_log(door: str, context: Any) -> None:
    """For doors that are not HTTP."""
    from twinshore import deadline, log, metrics, tracing
    from twinshore.http_events import request_id_of

    deadline.start(context)
    request_id = request_id_of(context)
    log.bind(request_id, door, cell_name(), cloud(), tracing.begin({}, request_id))
    metrics.started()


def wechat_openid(member_id: str) -> str | None:
    """The person's openid in this cell's mini-program, for payments and messages; None for who never logged in so."""
    from twinshore.login.identity import openid_of

    return openid_of(store(), residency(), member_id, wechat().appid)


def is_member(member_id: str) -> bool:
    """Whether this is the id of a person whose home this cell is."""
    from twinshore.login.identity import is_member as known

    return known(store(), member_id)


def reset() -> None:
    """Forget everything built so far: settings have changed (tests, the box)."""
    deployment.become({})
    _signer.cache_clear()
    _after_commit.clear()
