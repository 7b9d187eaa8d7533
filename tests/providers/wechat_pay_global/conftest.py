"""One set of keys for this process: making them takes seconds."""

from __future__ import annotations

from typing import Iterator

import pytest

from sandbox.twins.wechat_pay_global import WechatPayGlobalTwin
from tests.support import wechat_pay_notices as made


@pytest.fixture
def twin() -> Iterator[WechatPayGlobalTwin]:
    with WechatPayGlobalTwin(keys=made.keys()) as running:
        yield running
