"""Login and the shared token on the engines of the two clouds: what it costs, and that the conditions hold there."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Iterator

import pytest

from sandbox.twins.wechat import WechatTwin
from tests.support import engines
from tests.support.wechat_world import APPID, client_of, control, home_in, login_code
from twinshore.login.home import Home
from twinshore.login.open_session import open_session
from twinshore.login.sessions import LOGGED_OUT, SessionTokens, end, renew
from twinshore.providers.wechat.token_lease import AccessTokenLease
from twinshore.store.dynamodb import DynamoStore
from twinshore.store.postgres import PostgresStore

NOW = int(time.time()) // 60 * 60 + 3600  # an hour ahead: the engines' own clock lets nothing of it expire meanwhile


@pytest.fixture
def twin() -> Iterator[WechatTwin]:
    with WechatTwin() as running:
        yield running


def log_in(home: Home, twin: WechatTwin, now: int, ip: str = "203.0.113.7") -> SessionTokens:
    return open_session(home, client_of(twin), login_code(twin, openid="oAnna"), ip, now)


def test_what_a_session_costs_on_dynamodb(tmp_path: Path, twin: WechatTwin, ministack_url: str) -> None:
    client = engines.dynamodb_client(ministack_url)
    home = home_in(tmp_path)._replace(store=DynamoStore(client, engines.new_table(client)))
    counter = engines.UnitCounter(client)
    log_in(home, twin, NOW)
    first_login = counter.units
    counter.clear()
    session = log_in(home, twin, NOW + 60)
    returning = (counter.units, sorted(counter.calls))
    counter.clear()
    session = renew(home, session.refresh_token, NOW + 60)
    renewal = counter.units
    sid = home.signer.verify("member", session.access_token, NOW + 60)["sid"]
    counter.clear()
    end(home, session.member_id, sid, LOGGED_OUT, NOW + 60)
    assert returning == (4.5, ["GetItem", "PutItem", "PutItem", "PutItem", "PutItem"])  # half a read, 4 writes
    assert renewal == 2.0  # 1 read, 1 write
    assert first_login == 8.5  # half a read, two counters, the person in one commit, the session
    assert counter.units == 5.0  # 1 read, the session and the key in one commit


def test_cold_instances_on_postgresql_ask_for_one_token(
    twin: WechatTwin, postgres_server: engines.PostgresServer
) -> None:
    dsn = postgres_server.new_database()
    tokens: list[str] = []
    start = threading.Barrier(20)

    def instance() -> None:
        store = PostgresStore(dsn)
        lease = AccessTokenLease(store, client_of(twin), lambda: int(time.time()))
        start.wait()
        tokens.append(lease.token())

    threads = [threading.Thread(target=instance) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tokens) == 20
    assert len(set(tokens)) == 1
    assert control(twin.url, "/_twin/tokens")[APPID] == {"asked": 1, "made": 1}
