from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from sandbox.twins.stripe import StripeTwin
from sandbox.twins.wechat_pay import WechatPayTwin
from sandbox.twins.wechat_pay_keys import make_keys
from tests.support import engines
from tests.support.billed_shop import BilledShop
from tests.support.paper_shop import Shop
from twinshore.clouds.aws.json_service import dynamodb_service
from twinshore.store.dynamodb import DynamoStore
from twinshore.store.postgres import PostgresStore
from twinshore.store.sqlite import SqliteStore

ENGINES = ("sqlite", "postgres", "moto", "ministack")
"""moto copies its tables at each transaction: a day of orders takes 20 s there, so it has the day-book's tests only."""


@pytest.fixture(scope="session")
def wechat_pay_keys() -> dict[str, Any]:
    return make_keys()


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    with engines.moto() as url:
        yield url


@pytest.fixture(params=ENGINES)
def open_store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Any]]:
    """Opens a store that is empty: these tests all live on the same day. Closed at the end."""
    opened: list[Any] = []

    def open_one(**options: Any) -> Any:
        if request.param == "sqlite":
            store: Any = SqliteStore(tmp_path / "store.db", synchronous="NORMAL", **options)
        elif request.param == "postgres":
            store = PostgresStore(request.getfixturevalue("postgres_server").new_database(), **options)
        else:
            url = request.getfixturevalue(f"{request.param}_url")
            client = engines.dynamodb_client(url)
            table = engines.new_table(client)
            if request.param == "ministack":  # by the light client that functions have; on moto by boto3's
                monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
                monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
                client = dynamodb_service("eu-central-1", url)
            store = DynamoStore(client, table, **options)
        opened.append(store)
        return store

    yield open_one
    for store in opened:
        if not isinstance(store, DynamoStore):
            store.close()


@pytest.fixture
def paper_shop(open_store: Callable[..., Any]) -> Shop:
    """Payments by providers of paper: for the day-book alone."""
    return Shop(None, open_store)


@pytest.fixture(params=["stripe", "wechat_pay"])
def shop(
    request: pytest.FixtureRequest, open_store: Callable[..., Any], wechat_pay_keys: dict[str, Any]
) -> Iterator[BilledShop]:
    twin = StripeTwin() if request.param == "stripe" else WechatPayTwin(keys=wechat_pay_keys)
    with twin:
        yield BilledShop(open_store, twin)
