"""Who wants to hear what, and where. One item for each subscription of the cell, all in one partition: they are few.

webhook-subscriptions  <id>  -> owner, url, events, generations (of the secret), state, failing_since
"""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

from twinshore import log
from twinshore.errors import Conflict, NotFound
from twinshore.idempotency import IdempotencyKey, IdempotencyKeyReused
from twinshore.outbound_webhooks.signing import SigningKeys, shown
from twinshore.outbound_webhooks.targets import checked_url
from twinshore.store.port import CommitConflict, Create, Delete, Fields, Item, Key, Replace, Store, StoreUnavailable
from twinshore.store.rows import record_of, row_of

PARTITION = "webhook-subscriptions"
CELL_LIMIT, OWNER_LIMIT = 200, 20
ROTATION_OVERLAP_SECONDS = 24 * 3600
LIVE_SECRETS_LIMIT = 3
DISABLE_AFTER_SECONDS = 5 * 86_400
TRIES = 5
ACTIVE, DISABLED = "active", "disabled"


class WebhookSubscriptionNotFound(NotFound):
    """Also for another service's: whether it exists is nobody else's business."""

    slug = "webhook-subscription-not-found"
    title_en = "There is no such webhook subscription"
    title_zh = "该 webhook 订阅不存在"


class TooManyWebhookSubscriptions(Conflict):
    slug = "too-many-webhook-subscriptions"
    title_en = "There are too many webhook subscriptions already"
    title_zh = "webhook 订阅数量已达上限"


class Generation(NamedTuple):
    """One secret: what it is derived from, and until when it signs (0: the present one)."""

    number: int
    key_id: str
    until: int
    cause: str
    """Names the request that asked for it, so that a repeated request finds it."""
    more: tuple[Any, ...] = ()


class Subscription(NamedTuple):
    id: str
    owner: str
    """The service that subscribed."""
    url: str
    events: tuple[str, ...]
    created_at: int
    generations: tuple[Generation, ...]
    """Newest first."""
    state: str = ACTIVE
    failing_since: int = 0
    """0 while all is well."""
    version: int = 0

    def secrets(self, keys: SigningKeys, now: int) -> list[bytes]:
        """The live ones, newest first."""
        live = [one for one in self.generations if not one.until or one.until > now]
        return [keys.secret(one.key_id, self.id, self.created_at, one.number) for one in live]


class Wish(NamedTuple):
    owner: str
    url: str
    events: tuple[str, ...]
    request: IdempotencyKey


def subscribe(store: Store, keys: SigningKeys, wish: Wish, exempt: str, now: int) -> tuple[Subscription, str]:
    """The subscription and its secret; the same for the same request.

    exempt: see `targets.is_exempt`. Raises WebhookUrlRefused, TooManyWebhookSubscriptions, IdempotencyKeyReused.
    """
    checked_url(wish.url, exempt)
    cause = _cause(wish.request, wish.owner)
    made = Subscription(
        f"whs_{cause[:26]}", wish.owner, wish.url, wish.events, now, (Generation(1, keys.newest, 0, cause),)
    )
    held = store.get(_key(made.id))
    if held is None:
        everybody = subscriptions(store)
        if len(everybody) >= CELL_LIMIT or sum(one.owner == wish.owner for one in everybody) >= OWNER_LIMIT:
            raise TooManyWebhookSubscriptions
        try:
            store.commit(Create(_key(made.id), {**_fields(made), "fingerprint": wish.request.fingerprint}))
        except CommitConflict as conflict:
            held = conflict.current
    if held is not None:
        if held.fields["fingerprint"] != wish.request.fingerprint:
            raise IdempotencyKeyReused
        made = _read(held)
    first = made.generations[-1]
    return made, shown(keys.secret(first.key_id, made.id, made.created_at, first.number))


def subscriptions(store: Store, owner: str | None = None) -> list[Subscription]:
    """All of the cell, or of one service; the oldest first."""
    every = [_read(item) for item in store.query(PARTITION, limit=CELL_LIMIT + 50).items]
    mine = [one for one in every if owner is None or one.owner == owner]
    return sorted(mine, key=lambda one: (one.created_at, one.id))


def find(store: Store, subscription_id: str) -> Subscription | None:
    item = store.get(_key(subscription_id))
    return None if item is None else _read(item)


def find_own(store: Store, subscription_id: str, owner: str) -> Subscription:
    """Raises WebhookSubscriptionNotFound."""
    found = find(store, subscription_id)
    if found is None or found.owner != owner:
        raise WebhookSubscriptionNotFound
    return found


def unsubscribe(store: Store, subscription_id: str, owner: str) -> None:
    """Nothing is sent from now on. Raises WebhookSubscriptionNotFound."""
    for _ in range(TRIES):
        found = find_own(store, subscription_id, owner)
        try:
            store.commit(Delete(_key(found.id), found.version))
        except CommitConflict:
            continue
        return
    raise StoreUnavailable("a webhook subscription is contended")


def renew_secret(
    store: Store, keys: SigningKeys, found: Subscription, request: IdempotencyKey, now: int
) -> tuple[Subscription, str]:
    """Another secret beside the old one, which signs for ROTATION_OVERLAP_SECONDS more; the same for the same request.
    Raises WebhookSubscriptionNotFound."""
    cause = _cause(request, found.owner)
    for _ in range(TRIES):
        for known in found.generations:
            if known.cause == cause:
                return found, shown(keys.secret(known.key_id, found.id, found.created_at, known.number))
        older = [one._replace(until=one.until or now + ROTATION_OVERLAP_SECONDS) for one in found.generations]
        older = [one for one in older if one.until > now][: LIVE_SECRETS_LIMIT - 1]
        newest = Generation(found.generations[0].number + 1, keys.newest, 0, cause)
        after = found._replace(generations=(newest, *older))
        if _kept(store, after):
            return after, shown(keys.secret(newest.key_id, found.id, found.created_at, newest.number))
        found = find_own(store, found.id, found.owner)
    raise StoreUnavailable("a webhook subscription is contended")


def went_well(store: Store, found: Subscription) -> None:
    if found.failing_since:
        _kept(store, found._replace(failing_since=0))


def went_wrong(store: Store, found: Subscription, reason: str, now: int, gone: bool = False) -> None:
    """Count it, and after days of nothing else stop for good. gone: the receiver has said so itself."""
    if gone or (found.failing_since and now - found.failing_since >= DISABLE_AFTER_SECONDS):
        log.line("error", "a webhook subscription is disabled", subscription=found.id, owner=found.owner,
                 reason=reason, failing_since_at=found.failing_since)  # fmt: skip
        _kept(store, found._replace(state=DISABLED, failing_since=found.failing_since or now))
    elif not found.failing_since:
        _kept(store, found._replace(failing_since=now))


def _kept(store: Store, after: Subscription) -> bool:
    """False: it has changed meanwhile; whoever counts failures sees the next one."""
    held = store.get(_key(after.id))
    if held is None or held.version != after.version:
        return False
    try:
        store.commit(Replace(held.key, {**held.fields, **_fields(after)}, after.version))
    except CommitConflict:
        return False
    return True


def _cause(request: IdempotencyKey, owner: str) -> str:
    return hashlib.sha256(f"{owner}\n{request.key}".encode()).hexdigest()


def _key(subscription_id: str) -> Key:
    return Key(PARTITION, subscription_id)


def _fields(one: Subscription) -> Fields:
    fields: dict[str, Any] = one._asdict()
    del fields["id"], fields["version"]
    return {**fields, "events": list(one.events), "generations": [row_of(each) for each in one.generations]}


def _read(item: Item) -> Subscription:
    fields = item.fields
    return Subscription(
        id=item.key.sort,
        owner=fields["owner"],
        url=fields["url"],
        events=tuple(fields["events"]),
        created_at=fields["created_at"],
        generations=tuple(record_of(Generation, each) for each in fields["generations"]),
        state=fields["state"],
        failing_since=fields["failing_since"],
        version=item.version,
    )
