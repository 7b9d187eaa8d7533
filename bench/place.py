"""What the stacks of one run share: keys, one signed notification, an order that waits for it, a WeChat, a table."""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
import sqlite3
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any, Iterator

from bench.notification import REFERENCE, write_keys_and_notification
from bench.request import http_event

TABLE = "bench"
CELL = "eu"
REGION = "eu-central-1"
AWS = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "not-a-secret",
    "AWS_DEFAULT_REGION": REGION,
}


class Place:
    """`environment(stack)` makes the world new for one run of a stack, and gives the variables that it starts with."""

    def __init__(self, folder: Path, wechat_url: str, dynamodb_url: str) -> None:
        self.folder = folder
        self._wechat_url = wechat_url
        self._dynamodb_url = dynamodb_url
        self._client: Any = None
        write_keys_and_notification(folder)
        self._write_settings()

    def environment(self, stack: str) -> dict[str, str]:
        variables = {"BENCH_FOLDER": str(self.folder)}
        if stack.startswith("login_"):
            (self.folder / "login.json").write_text(json.dumps(self._login_event()))
        if stack in ("login_door", "pay_door", "pay_door_dynamodb"):
            variables |= self._deployment(stack)
        if stack == "login_fastapi":
            from sandbox.twins.wechat import APPS

            [(appid, secret)] = APPS.items()
            variables |= {"BENCH_WECHAT": self._wechat_url, "BENCH_APPID": appid, "BENCH_APP_SECRET": secret}
        if stack in ("pay_powertools_boto3", "pay_door_dynamodb"):
            self._order_into_dynamodb()
            variables |= {**AWS, "AWS_ENDPOINT_URL": self._dynamodb_url, "BENCH_TABLE": TABLE}
        return variables

    def _deployment(self, stack: str) -> dict[str, str]:
        """Settings as a deployment has them. The store is new: nobody has logged in, and the order is not paid."""
        store = f"sqlite:{self.folder / 'run.db'}"
        if stack == "pay_door_dynamodb":
            store = f"dynamodb:{TABLE}"
        else:
            for ending in ("", "-wal", "-shm"):
                (self.folder / f"run.db{ending}").unlink(missing_ok=True)
            shutil.copy(self.folder / "order.db", self.folder / "run.db")
        return {
            "TWINSHORE_CELL": CELL, "TWINSHORE_STORE": store, "TWINSHORE_SECRETS": f"file:{self.folder}/secrets.json",
            "TWINSHORE_OUTSIDE": json.dumps({"wechat": self._wechat_url}),
            "TWINSHORE_CELLS_FILE": f"{self.folder}/cells.json",
        }  # fmt: skip

    def _write_settings(self) -> None:
        from sandbox.twins.wechat import APPS
        from twinshore import cells
        from twinshore.store.sqlite import SqliteStore

        compiled = json.loads(Path(cells.__file__).with_name("cells.json").read_text())
        # All stacks read one form of event, AWS's; so this run's cells file lets an AWS cell take Weixin Pay.
        compiled["methods"]["wechat_pay"]["cells"].append(CELL)
        (self.folder / "cells.json").write_text(json.dumps(compiled))
        [(appid, app_secret)] = APPS.items()
        secrets = {
            "session_keys": json.dumps([{"id": "k2", "secret": "22" * 32}, {"id": "k1", "secret": "11" * 32}]),
            "wechat_app": json.dumps({"appid": appid, "secret": app_secret}),
            "provider_wechat_pay": (self.folder / "wechat_pay.json").read_text(),
        }
        (self.folder / "secrets.json").write_text(json.dumps(secrets))
        store = SqliteStore(self.folder / "order.db")
        store.commit(_order())
        store.close()
        with contextlib.closing(sqlite3.connect(self.folder / "order.db")) as connection:
            connection.execute("pragma wal_checkpoint(truncate)")

    def _order_into_dynamodb(self) -> None:
        from twinshore.store.dynamodb import DynamoStore, create_table
        from twinshore.store.port import Delete

        if self._client is None:
            self._client = _client(self._dynamodb_url)
            create_table(self._client, TABLE)
        store, order = DynamoStore(self._client, TABLE), _order()
        item = store.get(order.key)
        if item is not None:
            store.commit(Delete(order.key, item.version))
        store.commit(order)

    def _login_event(self) -> dict[str, Any]:
        with urllib.request.urlopen(
            urllib.request.Request(f"{self._wechat_url}/_twin/codes", b"{}"), timeout=10
        ) as reply:
            code = json.loads(reply.read())["code"]
        return http_event("/v1/login", {"code": code})


def _order() -> Any:
    """An order of 123.45 yuan with one open attempt by Weixin Pay."""
    from twinshore.money import Money
    from twinshore.payments.order import Order, OrderAttempt, as_fields
    from twinshore.store.port import Create

    now = int(time.time())
    order = Order(
        REFERENCE[:26], CELL, "m_" + "a" * 26, Money(12345, "CNY"), "a voucher", now, now + 7200,
        attempts=(OrderAttempt(1, "wechat_pay", "wechat_pay", now + 7200),),
    )  # fmt: skip
    return Create(order.key, as_fields(order))


def _client(url: str) -> Any:
    import boto3
    from botocore.config import Config

    from twinshore.store.dynamodb import CLIENT_RETRIES

    return boto3.client(
        "dynamodb", endpoint_url=url, region_name=REGION, config=Config(retries=CLIENT_RETRIES),
        aws_access_key_id=AWS["AWS_ACCESS_KEY_ID"], aws_secret_access_key=AWS["AWS_SECRET_ACCESS_KEY"],
    )  # fmt: skip


@contextlib.contextmanager
def place() -> Iterator[Place]:
    from moto.server import ThreadedMotoServer

    from sandbox.twins.wechat import WechatTwin

    folder = Path(tempfile.mkdtemp(prefix="twinshore-bench-"))
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    try:
        with WechatTwin() as wechat:
            yield Place(folder, wechat.url, f"http://{host}:{port}")
    finally:
        moto.stop()
        shutil.rmtree(folder, ignore_errors=True)
