"""A WeChat twin, a client of it, and a cell's home to log in at: what the tests of login and of the provider share."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

from sandbox.twins.wechat import APPS, WechatTwin
from twinshore.cells import Residency, load_cells
from twinshore.login.home import Home
from twinshore.providers.wechat.client import WechatClient
from twinshore.store.sqlite import SqliteStore
from twinshore.tokens import Signer, SigningKey

APPID, APP_SECRET = next(iter(APPS.items()))


def control(twin_url: str, path: str, value: object | None = None) -> Any:
    """POST a JSON value to one of the twin's controls, or GET it when there is no value."""
    body = None if value is None else json.dumps(value).encode()
    with urllib.request.urlopen(urllib.request.Request(twin_url + path, body), timeout=10) as reply:
        return json.loads(reply.read())


def client_of(twin: WechatTwin, *more_hosts: str) -> WechatClient:
    return WechatClient(APPID, APP_SECRET, (twin.url, *more_hosts))


def login_code(twin: WechatTwin, **person: object) -> str:
    return str(control(twin.url, "/_twin/codes", person)["code"])


def force(twin: WechatTwin, path: str, errcode: int, errmsg: str = "", times: int = 1) -> None:
    control(twin.url, "/_twin/errcodes", {"path": path, "errcode": errcode, "errmsg": errmsg, "times": times})


def delivered(twin: WechatTwin, what: str) -> list[dict[str, Any]]:
    return [entry for entry in control(twin.url, "/_twin/journal")["items"] if entry["what"] == what]


def home_in(folder: Path, cell: str = "cn") -> Home:
    keys = [SigningKey("k1", bytes(range(32)))]
    return Home(SqliteStore(folder / f"{cell}.db"), Residency(load_cells(), cell), Signer(cell, keys))
