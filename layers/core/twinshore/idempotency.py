"""Idempotency-Key: the same request sent again gets the first answer, and has no second effect.

Two ways, by what the effect touches:

- `commit_once`: the effect is a commit of our store. The record is an item of that same commit, so there is no moment
  in which one exists without the other.
- `run_once`: the effect calls an outside party. The key is reserved with a lease before, and holds the answer after.
  A function that dies in between leaves the lease to run out; then the work runs again, and must find by our own
  references what the first run did outside.

Records are scoped to the caller and live for RECORD_SECONDS: a client may repeat a request for two days.
"""

from __future__ import annotations

import hashlib
from typing import Any, Callable, NamedTuple

from twinshore.errors import Conflict, Unprocessable
from twinshore.events import Event
from twinshore.store.port import Change, CommitConflict, Create, Delete, Item, Key, Replace, Store, StoreUnavailable

RECORD_SECONDS = 48 * 3600
LEASE_SECONDS = 60
"""Longer than any function may run, so that two runs of one request never overlap."""
TRIES = 4

Answer = dict[str, Any]
"""The JSON object that the caller was told. Kept as long as the record: no secret of ours goes into it."""


class IdempotencyKey(NamedTuple):
    key: str
    """As the caller sent it."""
    fingerprint: str
    """Hex SHA-256 over method, path, member and body: what the key stands for."""


def idempotency_key(key: str, method: str, path: str, member_id: str, body: bytes) -> IdempotencyKey:
    parts = (method.encode(), path.encode(), member_id.encode(), body)
    whole = b"".join(len(part).to_bytes(8, "big") + part for part in parts)  # no two requests spell the same bytes
    return IdempotencyKey(key, hashlib.sha256(whole).hexdigest())


class IdempotencyKeyReused(Unprocessable):
    slug = "idempotency-key-reused"
    title_en = "This Idempotency-Key belongs to another request"
    title_zh = "该幂等键已用于另一个请求"


class IdempotencyKeyInProgress(Conflict):
    """`retry_after` in seconds: by then the first run has answered or its lease has run out."""

    slug = "idempotency-key-in-progress"
    title_en = "The first request with this Idempotency-Key is still running"
    title_zh = "使用该幂等键的请求仍在处理中"


class Effect(NamedTuple):
    changes: tuple[Change, ...]
    answer: Answer
    events: tuple[Event, ...] = ()


def record_key(idempotency: IdempotencyKey, scope: str) -> Key:
    """`scope` is who asks (a member id): it means nothing to others. Hashed: callers choose keys freely."""
    digest = hashlib.sha256(f"{scope}\n{idempotency.key}".encode()).hexdigest()
    return Key(f"idempotency#{digest}", "idempotency")


def commit_once(store: Store, idempotency: IdempotencyKey, scope: str, effect: Effect, now: int) -> Answer:
    """Commit the effect and its record together; the first answer if that has been done before.

    Raises IdempotencyKeyReused; CommitConflict if one of the effect's own conditions fails; StoreUnavailable.
    """
    key = record_key(idempotency, scope)
    fields = {"fingerprint": idempotency.fingerprint, "answer": effect.answer}
    record = Create(key, fields, expires_at=now + RECORD_SECONDS)
    for _ in range(TRIES):
        try:
            store.commit(record, *effect.changes, events=effect.events)
        except CommitConflict as conflict:
            if conflict.key != key:
                raise
            if conflict.current is not None:
                return _answer(conflict.current, idempotency)
        else:
            return effect.answer
    raise StoreUnavailable("an idempotency record came and went")


def first_answer(store: Store, idempotency: IdempotencyKey, scope: str) -> Answer | None:
    """For work that must not even be prepared twice, e.g. because it uses up a promise. Raises IdempotencyKeyReused."""
    item = store.get(record_key(idempotency, scope))
    return None if item is None or "answer" not in item.fields else _answer(item, idempotency)


def run_once(store: Store, idempotency: IdempotencyKey, scope: str, now: int, work: Callable[[], Answer]) -> Answer:
    """Reserve the key, do the work, keep its answer. Work that raises frees the key: the caller may try again.

    Raises IdempotencyKeyReused, IdempotencyKeyInProgress, StoreUnavailable and whatever `work` raises.
    """
    reserved = reserve(store, idempotency, scope, now)
    if "answer" in reserved.fields:
        return _answer(reserved, idempotency)
    try:
        answer = work()
    except Exception:
        release(store, reserved)
        raise
    finish(store, reserved, answer, now)
    return answer


def reserve(store: Store, idempotency: IdempotencyKey, scope: str, now: int) -> Item:
    """The record, leased to the caller of this function; or, with an `answer` in its fields, done long ago."""
    key = record_key(idempotency, scope)
    fields = {"fingerprint": idempotency.fingerprint, "leased_until": now + LEASE_SECONDS}
    expires_at = now + RECORD_SECONDS
    change: Change = Create(key, fields, expires_at=expires_at)
    for _ in range(TRIES):
        try:
            store.commit(change)
        except CommitConflict as conflict:
            current = conflict.current
            if current is None:
                change = Create(key, fields, expires_at=expires_at)
                continue
            _check(current, idempotency)
            if "answer" in current.fields:
                return current
            wait_seconds = int(current.fields["leased_until"]) - now
            if wait_seconds > 0:
                raise IdempotencyKeyInProgress(retry_after=wait_seconds) from None
            fields = {**current.fields, **fields}
            change = Replace(key, fields, current.version, expires_at=expires_at)
        else:
            version = change.version + 1 if isinstance(change, Replace) else 1
            return Item(key, version, fields, expires_at=expires_at)
    raise StoreUnavailable("an idempotency record is contended")


def finish(store: Store, reserved: Item, answer: Answer, now: int) -> None:
    """Keep the answer. Whoever took over an expired lease keeps theirs: it is the same work."""
    kept = {name: value for name, value in reserved.fields.items() if name != "leased_until"}
    fields = {**kept, "answer": answer}
    try:
        store.commit(Replace(reserved.key, fields, reserved.version, expires_at=now + RECORD_SECONDS))
    except CommitConflict:
        return


def release(store: Store, reserved: Item) -> None:
    try:
        store.commit(Delete(reserved.key, reserved.version))
    except (CommitConflict, StoreUnavailable):
        return  # the lease runs out by itself


def _check(item: Item, idempotency: IdempotencyKey) -> None:
    if item.fields["fingerprint"] != idempotency.fingerprint:
        raise IdempotencyKeyReused("Use a new key for a new request.")


def _answer(item: Item, idempotency: IdempotencyKey) -> Answer:
    _check(item, idempotency)
    return dict(item.fields["answer"])
