"""The same request sent again gets the first answer and has no second effect."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from twinshore import idempotency
from twinshore.errors import Conflict
from twinshore.idempotency import (
    LEASE_SECONDS,
    RECORD_SECONDS,
    Effect,
    IdempotencyKey,
    IdempotencyKeyInProgress,
    IdempotencyKeyReused,
    commit_once,
    first_answer,
    idempotency_key,
    run_once,
)
from twinshore.store.port import CommitConflict, Create, Increment, Key
from twinshore.store.sqlite import SqliteStore

NOW = 1_790_000_000
KEY = IdempotencyKey("k-1", "f" * 64)
OTHER_CONTENT = IdempotencyKey("k-1", "e" * 64)
COUNTER = Key("counter#1", "counter")


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return float(self.now)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> SqliteStore:
    return SqliteStore(tmp_path / "store.db", now=clock)


def count_up(answer: dict[str, Any] | None = None) -> Effect:
    return Effect((Increment(COUNTER, "n", 1),), {"n": 1} if answer is None else answer)


def counted(store: SqliteStore) -> int:
    item = store.get(COUNTER)
    return 0 if item is None else int(item.fields["n"])


def test_a_fingerprint_tells_apart_method_path_member_and_body() -> None:
    base = ("POST", "/v1/orders", "m_1", b"{}")
    variants = [base, ("PUT", *base[1:]), ("POST", "/v1/order", "m_1", b"{}"), ("POST", "/v1/orders", "m_2", b"{}"),
                ("POST", "/v1/orders", "m_1", b"{ }"), ("POST", "/v1/ordersm", "_1", b"{}")]  # fmt: skip
    assert len({idempotency_key("k", *one).fingerprint for one in variants}) == len(variants)
    assert idempotency_key("k", *base) == idempotency_key("k", *base)


def test_a_commit_is_done_once_and_the_first_answer_comes_again(store: SqliteStore) -> None:
    assert commit_once(store, KEY, "m_1", count_up({"n": 1}), NOW) == {"n": 1}
    assert commit_once(store, KEY, "m_1", count_up({"n": 2}), NOW + 60) == {"n": 1}
    assert counted(store) == 1
    assert first_answer(store, KEY, "m_1") == {"n": 1}


def test_the_same_key_with_other_content_is_refused(store: SqliteStore) -> None:
    commit_once(store, KEY, "m_1", count_up(), NOW)
    with pytest.raises(IdempotencyKeyReused):
        commit_once(store, OTHER_CONTENT, "m_1", count_up(), NOW)
    with pytest.raises(IdempotencyKeyReused):
        first_answer(store, OTHER_CONTENT, "m_1")
    with pytest.raises(IdempotencyKeyReused):
        run_once(store, OTHER_CONTENT, "m_1", NOW, dict)
    assert counted(store) == 1


def test_a_key_of_one_member_means_nothing_for_another(store: SqliteStore) -> None:
    commit_once(store, KEY, "m_1", count_up({"for": "m_1"}), NOW)
    assert commit_once(store, OTHER_CONTENT, "m_2", count_up({"for": "m_2"}), NOW) == {"for": "m_2"}
    assert counted(store) == 2


def test_an_effect_that_conflicts_leaves_no_record(store: SqliteStore) -> None:
    store.commit(Create(COUNTER, {"n": 0}))
    with pytest.raises(CommitConflict) as caught:
        commit_once(store, KEY, "m_1", Effect((Create(COUNTER, {}),), {}), NOW)
    assert caught.value.key == COUNTER
    assert first_answer(store, KEY, "m_1") is None


def test_twenty_at_once_make_one_effect_and_hear_one_answer(store: SqliteStore) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda n: commit_once(store, KEY, "m_1", count_up({"by": n}), NOW), range(20)))
    assert counted(store) == 1
    assert answers == [answers[0]] * 20


def test_a_record_is_forgotten_after_its_time(store: SqliteStore, clock: Clock) -> None:
    assert RECORD_SECONDS >= 24 * 3600
    commit_once(store, KEY, "m_1", count_up(), NOW)
    clock.now = NOW + RECORD_SECONDS - 1
    commit_once(store, KEY, "m_1", count_up(), clock.now)
    assert counted(store) == 1
    clock.now = NOW + RECORD_SECONDS
    commit_once(store, KEY, "m_1", count_up(), clock.now)
    assert counted(store) == 2


def test_work_outside_runs_once_and_its_answer_comes_again(store: SqliteStore) -> None:
    ran: list[int] = []

    def work() -> dict[str, Any]:
        ran.append(1)
        return {"run": len(ran)}

    assert run_once(store, KEY, "m_1", NOW, work) == {"run": 1}
    assert run_once(store, KEY, "m_1", NOW + 5, work) == {"run": 1}


def test_a_second_run_beside_the_first_is_told_to_wait(store: SqliteStore) -> None:
    def work() -> dict[str, Any]:
        with pytest.raises(IdempotencyKeyInProgress) as caught:
            run_once(store, KEY, "m_1", NOW + 10, dict)
        assert caught.value.extensions["retry_after"] == LEASE_SECONDS - 10
        return {"first": True}

    assert run_once(store, KEY, "m_1", NOW, work) == {"first": True}


def test_work_that_raises_frees_the_key(store: SqliteStore) -> None:
    def fails() -> dict[str, Any]:
        raise Conflict("no")

    with pytest.raises(Conflict):
        run_once(store, KEY, "m_1", NOW, fails)
    assert run_once(store, KEY, "m_1", NOW, lambda: {"ok": True}) == {"ok": True}


def test_museum_7_a_function_that_died_leaves_a_lease_that_runs_out(store: SqliteStore) -> None:
    """aws-powertools/powertools-lambda-python #4759, #8049: a record left in progress by a dead function must neither
    block for ever nor let a second run beside a living one."""
    idempotency.reserve(store, KEY, "m_1", NOW)  # and the function dies here
    with pytest.raises(IdempotencyKeyInProgress):
        run_once(store, KEY, "m_1", NOW + LEASE_SECONDS - 1, dict)
    assert run_once(store, KEY, "m_1", NOW + LEASE_SECONDS, lambda: {"run": 2}) == {"run": 2}


def test_a_slow_first_run_cannot_overwrite_the_answer_of_the_second(store: SqliteStore) -> None:
    slow = idempotency.reserve(store, KEY, "m_1", NOW)
    later = NOW + LEASE_SECONDS
    run_once(store, KEY, "m_1", later, lambda: {"run": 2})
    idempotency.finish(store, slow, {"run": 1}, later)
    idempotency.release(store, slow)
    assert first_answer(store, KEY, "m_1") == {"run": 2}


def test_twenty_leases_at_once_run_the_work_once(store: SqliteStore) -> None:
    def attempt(number: int) -> str:
        try:
            return str(run_once(store, KEY, "m_1", NOW, lambda: {"n": commit_count(store)})["n"])
        except IdempotencyKeyInProgress:
            return "wait"

    def commit_count(store: SqliteStore) -> int:
        store.commit(Increment(COUNTER, "n", 1))
        return counted(store)

    with ThreadPoolExecutor(20) as pool:
        answers = set(pool.map(attempt, range(20)))
    assert counted(store) == 1
    assert answers <= {"1", "wait"}
