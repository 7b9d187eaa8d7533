"""The run book "key rotation", rehearsed: functions that run take a changed secret without a deployment, what the old
key made stays good while it stands behind the new one, and is worth nothing when it is gone.

The secrets are a file here, which is read at each call; on both clouds what was read serves for five minutes more
(tests/clouds/test_secrets.py)."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Iterator

import pytest

from sandbox.twins.wechat import WechatTwin
from tests.support.doors import SESSION_KEY, Place
from tests.support.engines import PostgresServer
from tests.support.paying_place import PayingPlace
from tests.support.wechat_world import APP_SECRET, APPID, login_code
from twinshore import wiring
from twinshore.errors import Unavailable

OLD = {"id": "k1", "secret": SESSION_KEY.secret.hex()}
NEW = {"id": "k2", "secret": "5a" * 32}


def put(at: Place, name: str, value: object) -> None:
    """What an operator does, to functions that run."""
    at.secrets[name] = value if isinstance(value, str) else json.dumps(value)
    fresh = at.folder / "fresh.json"
    fresh.write_text(json.dumps(at.secrets))
    fresh.replace(at.folder / "secrets.json")  # at once, as a secrets manager does: doors are reading


def points(at: Place, token: str) -> int:
    return at.call("points", "GET", "/v1/points", token=token).status


def test_sessions_of_the_old_key_live_until_it_is_taken_out(at: Place) -> None:
    before = at.member_token()
    assert points(at, before) == 200
    put(at, "session_keys", [NEW, OLD])
    after = at.member_token()
    assert (points(at, before), points(at, after)) == (200, 200)
    put(at, "session_keys", [NEW])
    assert (points(at, before), points(at, after)) == (401, 200)


def test_all_who_hold_a_stolen_key_are_out_at_once(at: Place) -> None:
    stolen = at.member_token()
    assert points(at, stolen) == 200
    put(at, "session_keys", [NEW])
    assert points(at, stolen) == 401


@pytest.mark.parametrize("at", ["eu"], indirect=True)
def test_a_providers_webhooks_are_heard_all_through_the_change(at: Place) -> None:
    paying = PayingPlace(at, {})
    paying.start()
    try:
        for step in ("before", "both", "alone"):
            if step == "both":
                paying._control("/_twin/roll_key", {})
                put(at, "provider_stripe", paying.twin.secret())
            if step == "alone":
                secret = paying.twin.secret()
                put(at, "provider_stripe", {**secret, "webhook_secrets": secret["webhook_secrets"][:1]})
            order_id = paying.order(key=f"order-{step}")
            paying.payer_pays(paying.begin(order_id, key=f"pay-{step}").json()["client"])
            paying.wait_for(lambda order_id=order_id: paying.status(order_id) == "paid")  # type: ignore[misc]
            paying.wait_for(lambda: not paying.twin.undelivered())
        assert {answer.status for answer in paying.gateway.answers} == {200}
        put(at, "provider_stripe", {**paying.twin.secret(), "webhook_secrets": ["whsec_of_nobody"]})
        assert paying.gateway.deliver(paying.gateway.requests[-1]).status == 401
    finally:
        paying.stop()


@pytest.fixture
def wechat(at: Place) -> Iterator[WechatTwin]:
    with WechatTwin() as twin:
        at.secrets["wechat_app"] = json.dumps({"appid": APPID, "secret": "the one before"})
        at.outside["wechat"] = twin.url
        at.rewire()
        yield twin


def test_a_changed_app_secret_is_in_use_at_the_next_call(at: Place, wechat: WechatTwin) -> None:
    """Run book "WeChat token trouble", point 3."""

    def log_in() -> int:
        return at.call("login", "POST", "/v1/login", json_body={"code": login_code(wechat, openid="oAnna")}).status

    assert log_in() == 503
    with pytest.raises(Unavailable):
        wiring.wechat_lease().token()
    put(at, "wechat_app", {"appid": APPID, "secret": APP_SECRET})
    assert log_in() == 200
    assert wiring.wechat_lease().token()
    assert wiring.wechat_lease() is wiring.wechat_lease(), "kept until the secret changes"


def test_a_channel_that_is_set_up_now_is_used_now(at: Place) -> None:
    app = {"appid": APPID, "secret": APP_SECRET, "templates": {"a": "t1"}}
    name, setup = ("mail", {"sender": "Shop <shop@mail.example.com>"}) if at.cell == "eu" else ("wechat_app", app)
    assert not any(wiring.notification_channels())
    put(at, name, setup)
    assert any(wiring.notification_channels())
    assert wiring.notification_channels() is wiring.notification_channels()
    put(at, name, {**setup, "sender": "Another <shop@mail.example.com>", "templates": {"a": "t2"}})
    assert any(wiring.notification_channels())


def test_the_stores_login_is_changed_under_functions_that_run(postgres_server: PostgresServer, tmp_path: Path) -> None:
    """Two logins take turns: the new one is put into the secret, then the old one may no longer come in."""
    before = dict(os.environ)
    dsn, server = postgres_server.new_database(), postgres_server
    owner = lambda name: dsn.replace("user=postgres", f"user={name}")  # noqa: E731
    admin(server, "create role cell_a superuser login", "create role cell_b superuser login")
    place = Place("cn", tmp_path, {"database": owner("cell_a")}, {})
    place.store = "postgresql:database"
    place.rewire()
    try:
        token = place.member_token()
        assert points(place, token) == 200
        put(place, "database", owner("cell_b"))
        assert points(place, token) == 200, "on the connection that it has"
        admin(server, "alter role cell_a nologin",
              "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'cell_a'")  # fmt: skip
        assert points(place, token) == 200, "on a new one, by the new login"
    finally:
        os.environ.clear()
        os.environ.update(before)
        wiring.reset()


def admin(server: PostgresServer, *statements: str) -> None:
    with server._connected("postgres") as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
