from __future__ import annotations

from typing import Any, Iterator

import pytest

from sandbox.twins.wechat_pay_keys import make_keys
from tests.support.doors import Place
from tests.support.paying_place import PayingPlace


@pytest.fixture(scope="session")
def wechat_pay_keys() -> dict[str, Any]:
    return make_keys()


@pytest.fixture
def paying(at: Place, wechat_pay_keys: dict[str, Any]) -> Iterator[PayingPlace]:
    """The cell with its payment provider's twin."""
    place = PayingPlace(at, wechat_pay_keys)
    place.start()
    yield place
    place.stop()
