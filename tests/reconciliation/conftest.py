from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator

import pytest

from sandbox.twins.stripe import StripeTwin
from sandbox.twins.wechat_pay import WechatPayTwin
from sandbox.twins.wechat_pay_keys import make_keys
from tests.support.billed_shop import BilledShop


@pytest.fixture(scope="session")
def wechat_pay_keys() -> dict[str, Any]:
    return make_keys()


@pytest.fixture(params=["stripe", "wechat_pay"])
def shop(request: pytest.FixtureRequest, tmp_path: Path, wechat_pay_keys: dict[str, Any]) -> Iterator[BilledShop]:
    twin = StripeTwin() if request.param == "stripe" else WechatPayTwin(keys=wechat_pay_keys)
    with twin:
        made = BilledShop(tmp_path / "store.db", twin)
        yield made
        made.store.close()
