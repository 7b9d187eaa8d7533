"""Logging in: who the person is, what it costs, and who has to wait."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any, Iterator

import pytest

from sandbox.twins.wechat import WechatTwin
from tests.support.wechat_world import APPID, client_of, home_in, login_code
from twinshore.cells import Residency, load_cells
from twinshore.errors import BrokenInvariant, TooManyRequests
from twinshore.events import Event
from twinshore.login import rate_limit
from twinshore.login.home import Home
from twinshore.login.identity import openid_of
from twinshore.login.open_session import open_session
from twinshore.login.rate_limit import Limit, network_of, spend
from twinshore.login.sessions import SessionTokens
from twinshore.store.port import Change, Item, Key
from twinshore.store.sqlite import SqliteStore

NOW = int(time.time()) // 60 * 60 + 3600  # an hour ahead: the engines' own clock lets nothing of it expire meanwhile
"""The begin of a minute: the windows of the limits are minutes."""


@pytest.fixture
def twin() -> Iterator[WechatTwin]:
    with WechatTwin() as running:
        yield running


def log_in(home: Home, twin: WechatTwin, ip: str = "203.0.113.7", now: int = NOW, **person: object) -> SessionTokens:
    return open_session(home, client_of(twin), login_code(twin, **person), ip, now)


def rows(home_folder: Path, cell: str = "cn") -> list[tuple[str, str, dict[str, Any]]]:
    with sqlite3.connect(home_folder / f"{cell}.db") as database:
        found = database.execute("select partition, sort, fields from items").fetchall()
    return [(partition, sort, json.loads(fields)) for partition, sort, fields in found]


class CountingStore(SqliteStore):
    """The embedded engine, counting what DynamoDB would bill: a transaction costs two units an item, one write one."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.read_units = 0.0
        self.write_units = 0

    def get(self, key: Key, consistent: bool = True) -> Item | None:
        self.read_units += 1 if consistent else 0.5
        return super().get(key, consistent)

    def commit(self, *changes: Change, events: tuple[Event, ...] = ()) -> None:
        self.write_units += len(changes) * (2 if len(changes) > 1 else 1)
        super().commit(*changes, events=events)


def test_a_first_login_makes_one_person_who_is_at_home_in_this_cell(tmp_path: Path, twin: WechatTwin) -> None:
    home = home_in(tmp_path)
    session = log_in(home, twin, openid="oAnna")
    member = home.store.get(Key(f"member#{session.member_id}", "member"))
    assert member is not None
    assert member.fields["cell"] == session.home_cell == "cn"
    assert openid_of(home.store, home.residency, session.member_id, APPID) == "oAnna"
    assert openid_of(home.store, home.residency, session.member_id, "wx_another_app") is None
    assert openid_of(home.store, home.residency, "m_nobody", APPID) is None


def test_a_member_id_tells_nothing_of_the_openid(tmp_path: Path, twin: WechatTwin) -> None:
    member_id = log_in(home_in(tmp_path), twin, openid="oAnna").member_id
    assert member_id.startswith("m_")
    assert len(member_id) == 28
    assert "anna" not in member_id.lower()
    other = log_in(home_in(tmp_path, "eu"), twin, openid="oAnna").member_id
    assert other != member_id


def test_two_first_logins_at_once_make_one_person(tmp_path: Path, twin: WechatTwin) -> None:
    homes = [home_in(tmp_path) for _ in range(8)]
    start, sessions = threading.Barrier(8), []

    def run(home: Home) -> None:
        start.wait()
        sessions.append(log_in(home, twin, openid="oAnna"))

    threads = [threading.Thread(target=run, args=(home,)) for home in homes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sessions) == 8
    assert len({session.member_id for session in sessions}) == 1
    assert len([sort for _, sort, _ in rows(tmp_path) if sort == "member"]) == 1


def test_one_openid_in_two_apps_is_two_identities(tmp_path: Path) -> None:
    second_app = "wx5a1e0f00d0000002"
    apps = {APPID: "0123456789abcdef0123456789abcdef", second_app: "fedcba9876543210fedcba9876543210"}
    with WechatTwin(apps=apps) as twin:
        home = home_in(tmp_path)
        first = log_in(home, twin, openid="oSame")
        client = client_of(twin)
        other = type(client)(second_app, apps[second_app], (twin.url,))
        second = open_session(home, other, login_code(twin, openid="oSame", appid=second_app), "203.0.113.7", NOW)
        assert first.member_id != second.member_id


def test_a_returning_login_reads_half_a_unit_and_writes_four_units(tmp_path: Path, twin: WechatTwin) -> None:
    store = CountingStore(tmp_path / "cn.db")
    home = home_in(tmp_path)._replace(store=store)
    log_in(home, twin, openid="oAnna")
    store.read_units = store.write_units = 0
    log_in(home, twin, openid="oAnna", ip="198.51.100.4", now=NOW + 60)
    assert store.read_units == 0.5
    assert store.write_units == 4  # two counters, the session, WeChat's key


def test_a_unionid_that_comes_late_is_filled_in_and_told(tmp_path: Path, twin: WechatTwin) -> None:
    home = home_in(tmp_path)
    member_id = log_in(home, twin, openid="oAnna").member_id
    key = Key(f"identity#wechat:{APPID}:oAnna", "identity")
    item = home.store.get(key)
    assert item is not None
    assert "unionid" not in item.fields
    for _ in range(2):
        assert log_in(home, twin, openid="oAnna", unionid="uAnna").member_id == member_id
    item = home.store.get(key)
    assert item is not None
    assert item.fields["unionid"] == "uAnna"
    told = [event.fields for event in home.store.due("outbox", NOW + 10**9)]
    names = [event["name"] for event in told if event["data"].get("member_id") == member_id]
    assert sorted(names) == ["identity.unionid_learned", "member.joined"]
    assert "uAnna" not in json.dumps(told)
    assert "oAnna" not in json.dumps(told)


def test_an_absent_unionid_does_not_take_the_known_one_away(tmp_path: Path, twin: WechatTwin) -> None:
    home = home_in(tmp_path)
    log_in(home, twin, openid="oAnna", unionid="uAnna")
    log_in(home, twin, openid="oAnna")
    item = home.store.get(Key(f"identity#wechat:{APPID}:oAnna", "identity"))
    assert item is not None
    assert item.fields["unionid"] == "uAnna"


def test_the_session_key_stays_in_an_item_of_its_own(tmp_path: Path, twin: WechatTwin) -> None:
    home = home_in(tmp_path)
    session = log_in(home, twin, openid="oAnna")
    [session_key] = twin.state["session_keys"].values()
    holders = [sort for _, sort, fields in rows(tmp_path) if session_key in json.dumps(fields)]
    assert len(holders) == 1
    assert holders[0].startswith("wechat_session_key#")
    assert session_key not in repr(session)


def test_no_refresh_token_is_stored(tmp_path: Path, twin: WechatTwin) -> None:
    session = log_in(home_in(tmp_path), twin, openid="oAnna")
    family, step = session.refresh_token.split(".")[2:]
    stored = json.dumps(rows(tmp_path))
    assert family not in stored
    assert step not in stored


def test_every_personal_row_carries_the_cell(tmp_path: Path, twin: WechatTwin) -> None:
    log_in(home_in(tmp_path), twin, openid="oAnna")
    personal = [fields for partition, _, fields in rows(tmp_path) if partition.startswith(("identity#", "member#"))]
    assert len(personal) == 4
    assert {fields["cell"] for fields in personal} == {"cn"}


def test_a_row_of_another_cell_is_noticed_and_not_served(tmp_path: Path, twin: WechatTwin) -> None:
    home = home_in(tmp_path)
    log_in(home, twin, openid="oAnna")
    restored_in_the_wrong_place = home._replace(residency=Residency(load_cells(), "eu"))
    with pytest.raises(BrokenInvariant):
        log_in(restored_in_the_wrong_place, twin, openid="oAnna")


def test_a_flood_from_one_address_is_stopped_before_the_platform_is_asked(tmp_path: Path, twin: WechatTwin) -> None:
    home = home_in(tmp_path)
    for _ in range(rate_limit.LOGIN_PER_ADDRESS.tries):
        spend(home.store, rate_limit.LOGIN_PER_ADDRESS, network_of("203.0.113.7"), NOW)
    code = login_code(twin)
    with pytest.raises(TooManyRequests) as refused:
        open_session(home, client_of(twin), code, "203.0.113.7", NOW)
    assert refused.value.extensions["limit"] == "login-address"
    assert open_session(home, client_of(twin), code, "198.51.100.4", NOW).member_id


def test_an_account_waits_wherever_it_calls_from(tmp_path: Path, twin: WechatTwin) -> None:
    home = home_in(tmp_path)
    for number in range(rate_limit.LOGIN_PER_ACCOUNT.tries):
        log_in(home, twin, ip=f"203.0.113.{number}", now=NOW, openid="oAnna")
    with pytest.raises(TooManyRequests) as refused:
        log_in(home, twin, ip="198.51.100.4", now=NOW + 45, openid="oAnna")
    assert refused.value.extensions == {"limit": "login-account", "retry_after": 15}
    log_in(home, twin, now=NOW + 60, openid="oAnna")


LIMIT = Limit("test", 3, 60)


def test_exactly_so_many_tries_pass_however_many_come_at_once(tmp_path: Path) -> None:
    passed, start = [], threading.Barrier(8)

    def run() -> None:
        store = SqliteStore(tmp_path / "limits.db")
        start.wait()
        try:
            spend(store, LIMIT, "anna", NOW)
            passed.append(1)
        except TooManyRequests:
            pass

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(passed) == LIMIT.tries


def test_a_lonely_try_is_one_write_and_its_counter_goes_away_by_itself(tmp_path: Path) -> None:
    store = CountingStore(tmp_path / "limits.db")
    spend(store, LIMIT, "203.0.113.7", NOW)
    assert (store.read_units, store.write_units) == (0, 1)
    with sqlite3.connect(tmp_path / "limits.db") as database:
        [(partition, expires_at)] = database.execute("select partition, expires_at from items").fetchall()
    assert "203.0.113.7" not in partition
    assert NOW < expires_at <= NOW + 120


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("203.0.113.7", "203.0.113.7", True),
        ("203.0.113.7", "203.0.113.8", False),
    ],
)
def test_a_home_with_many_ipv6_addresses_counts_as_one(one: str, other: str, same: bool) -> None:
    assert (network_of(one) == network_of(other)) is same
