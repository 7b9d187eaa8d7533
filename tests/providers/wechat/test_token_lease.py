"""One access token for all: row 18 of the issue museum, and what may go wrong around it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from sandbox.twins.wechat import WechatTwin
from tests.support.wechat_world import APPID, client_of, control, delivered
from twinshore.errors import Unavailable
from twinshore.providers.wechat.token_lease import EARLY_SECONDS, LEASE_SECONDS, WAIT_SECONDS, AccessTokenLease
from twinshore.store.port import Create, Item, Key, Replace
from twinshore.store.sqlite import SqliteStore

ITEM = Key(f"wechat#{APPID}", "access_token")
SEND = "/cgi-bin/message/subscribe/send"
MESSAGE = {"touser": "oAnna", "template_id": "T1", "data": {"thing1": {"value": "你好"}}}


class Clock:
    def __init__(self) -> None:
        self.ahead_seconds = 0

    def __call__(self) -> int:
        return int(time.time()) + self.ahead_seconds


class World:
    """A twin, a store's file, and a clock that both sides share."""

    def __init__(self, folder: Path, twin: WechatTwin) -> None:
        self.folder, self.twin, self.clock = folder, twin, Clock()
        self.store = SqliteStore(folder / "store.db")

    def instance(self, wait_seconds: float = WAIT_SECONDS) -> AccessTokenLease:
        """A cold start: its own store, client and memory."""
        return AccessTokenLease(SqliteStore(self.folder / "store.db"), client_of(self.twin), self.clock, wait_seconds)

    def pass_time(self, seconds: int) -> None:
        self.clock.ahead_seconds += seconds
        control(self.twin.url, "/_twin/clock", {"advance_seconds": seconds})

    def counts(self) -> dict[str, int]:
        return dict(control(self.twin.url, "/_twin/tokens").get(APPID, {"asked": 0, "made": 0}))

    def item(self) -> Item:
        item = self.store.get(ITEM)
        assert item is not None
        return item

    def allow(self, times: int) -> None:
        control(self.twin.url, "/_twin/accept", {"openid": "oAnna", "template_id": "T1", "times": times})

    def refused_calls(self) -> int:
        return len(delivered(self.twin, "token refused"))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with WechatTwin() as twin:
        yield World(tmp_path, twin)


def together(count: int, work: Callable[[int], Any]) -> list[Any]:
    """`count` threads that start at the same moment; what each returned or raised."""
    results: list[Any] = [None] * count
    start = threading.Barrier(count)

    def run(number: int) -> None:
        start.wait()
        try:
            results[number] = work(number)
        except Exception as err:
            results[number] = err

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_two_hundred_cold_instances_ask_for_one_token(world: World) -> None:
    world.allow(200)
    answers = together(200, lambda _: world.instance().post(SEND, MESSAGE))
    assert [answer["errcode"] for answer in answers] == [0] * 200
    assert world.counts() == {"asked": 1, "made": 1}
    assert world.refused_calls() == 0


PROCESS = """
import json, sys, threading, time
from twinshore.providers.wechat.client import WechatClient
from twinshore.providers.wechat.token_lease import AccessTokenLease
from twinshore.store.sqlite import SqliteStore
from tests.support.wechat_world import APP_SECRET, APPID
url, file, start_at = sys.argv[1], sys.argv[2], float(sys.argv[3])
tokens = []
def instance():
    lease = AccessTokenLease(SqliteStore(file), WechatClient(APPID, APP_SECRET, (url,)), lambda: int(time.time()))
    time.sleep(max(0.0, start_at - time.time()))
    tokens.append(lease.token())
threads = [threading.Thread(target=instance) for _ in range(10)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(json.dumps(tokens))
"""


def test_instances_in_processes_of_their_own_ask_for_one_token(world: World) -> None:
    root = Path(__file__).parents[3]
    program = [sys.executable, "-c", PROCESS, world.twin.url, str(world.folder / "store.db"), str(time.time() + 3)]
    path = {"PYTHONPATH": f"{root}:{root / 'layers' / 'core'}"}
    running = [subprocess.Popen(program, env=path, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    said = [process.communicate(timeout=60)[0].splitlines()[-1] for process in running]  # after the lines of the log
    tokens = [token for line in said for token in json.loads(line)]
    assert len(tokens) == 40
    assert len(set(tokens)) == 1
    assert world.counts() == {"asked": 1, "made": 1}


def test_a_warm_instance_asks_neither_the_store_nor_the_platform(world: World) -> None:
    instance = world.instance()
    token = instance.token()
    world.store.commit(Replace(ITEM, {}, world.item().version))
    assert instance.token() == token


def test_near_its_end_one_instance_renews_the_token_and_no_call_is_refused(world: World) -> None:
    world.allow(60)
    instances = [world.instance() for _ in range(20)]
    old = {instance.token() for instance in instances}
    ends_at = int(world.item().fields["ends_at"])
    for seconds_left in (EARLY_SECONDS + 60, EARLY_SECONDS - 30, EARLY_SECONDS - 80):
        world.pass_time(ends_at - world.clock() - seconds_left)
        answers = together(20, lambda number: instances[number].post(SEND, MESSAGE))
        assert [answer["errcode"] for answer in answers] == [0] * 20
    assert world.counts() == {"asked": 2, "made": 2}
    assert world.refused_calls() == 0
    assert {world.instance().token()} != old


def test_while_another_instance_fetches_the_old_token_is_used(world: World) -> None:
    old = world.instance().token()
    world.pass_time(7200 - 100)
    held_by_another(world)
    before = time.monotonic()
    assert world.instance().token() == old
    assert time.monotonic() - before < WAIT_SECONDS


def test_a_token_past_its_end_is_never_used(world: World) -> None:
    instance = world.instance()
    old = instance.token()
    world.pass_time(7200 - 5)
    assert instance.token() != old


def held_by_another(world: World) -> None:
    """As if some instance had just begun to fetch."""
    item = world.store.get(ITEM)
    lease = {"holder": "another", "lease_until": world.clock() + LEASE_SECONDS}
    if item is None:
        world.store.commit(Create(ITEM, {**lease, "generation": 0}))
    else:
        world.store.commit(Replace(ITEM, {**item.fields, **lease}, item.version))


def test_the_lease_of_an_instance_that_died_runs_out(world: World) -> None:
    held_by_another(world)
    world.clock.ahead_seconds += LEASE_SECONDS
    assert world.instance().token()
    assert world.counts()["asked"] == 1


def test_waiting_for_another_instance_has_an_end(world: World) -> None:
    held_by_another(world)
    with pytest.raises(Unavailable):
        world.instance(wait_seconds=0.3).token()
    assert world.counts()["asked"] == 0


def test_a_holder_that_was_too_slow_does_not_overwrite_its_successor(world: World) -> None:
    control(world.twin.url, "/_twin/faults", {"delay_seconds": 0.8, "times": 1})
    tokens: list[str] = []
    slow = threading.Thread(target=lambda: tokens.append(world.instance().token()))
    slow.start()
    time.sleep(0.3)
    world.clock.ahead_seconds += LEASE_SECONDS
    token = world.instance().token()
    version = world.item().version
    slow.join()
    assert tokens == [token]
    assert world.item().version == version


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
def test_a_refused_token_is_replaced_and_the_call_made_once_more(world: World, errcode: int) -> None:
    world.allow(1)
    instance = world.instance()
    instance.token()
    force = {"path": SEND, "errcode": errcode, "errmsg": "token", "times": 1}
    control(world.twin.url, "/_twin/errcodes", force)
    assert instance.post(SEND, MESSAGE)["errcode"] == 0
    assert world.counts()["asked"] == 2


def test_a_token_that_was_voided_in_the_console_is_found_anew_by_one(world: World) -> None:
    world.allow(30)
    instances = [world.instance() for _ in range(30)]
    for instance in instances:
        instance.token()
    control(world.twin.url, "/_twin/void_token", {})
    answers = together(30, lambda number: instances[number].post(SEND, MESSAGE))
    assert [answer["errcode"] for answer in answers] == [0] * 30
    assert world.counts() == {"asked": 2, "made": 2}


def test_an_instance_with_a_voided_token_takes_what_others_share(world: World) -> None:
    world.allow(2)
    sleeper, worker = world.instance(), world.instance()
    sleeper.token()
    control(world.twin.url, "/_twin/void_token", {})
    worker.token()
    assert worker.post(SEND, MESSAGE)["errcode"] == 0
    assert sleeper.post(SEND, MESSAGE)["errcode"] == 0
    assert world.counts()["asked"] == 2


def test_a_token_refused_twice_is_told_and_not_tried_for_ever(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    control(world.twin.url, "/_twin/errcodes", {"path": SEND, "errcode": 40001, "times": 9})
    assert world.instance().post(SEND, MESSAGE)["errcode"] == 40001
    assert world.twin.forced[0]["times"] == 7
    assert "WeChat refuses us" in capsys.readouterr().out


def test_when_the_platform_fails_near_the_end_the_old_token_serves(world: World) -> None:
    old = world.instance().token()
    world.pass_time(7200 - 100)
    control(world.twin.url, "/_twin/faults", {"status": 500})
    assert world.instance().token() == old


def test_when_the_platform_fails_and_there_is_no_token_callers_hear_it_soon(
    world: World,
) -> None:
    control(world.twin.url, "/_twin/faults", {"status": 500})
    outcomes = together(10, lambda _: world.instance(wait_seconds=0.5).token())
    assert all(isinstance(outcome, Unavailable) for outcome in outcomes)
    control(world.twin.url, "/_twin/faults", {})
    world.clock.ahead_seconds += 3
    assert world.instance().token()


def test_a_platform_that_repeats_the_old_token_is_not_asked_at_each_call(world: World) -> None:
    """Its clock may be behind ours: it turns the token when it thinks that 300 seconds are left."""
    world.instance().token()
    world.clock.ahead_seconds += 7200 - EARLY_SECONDS + 70
    for _ in range(5):
        world.instance().token()
    assert world.counts() == {"asked": 2, "made": 1}
