"""One set of keys for this process: making them takes seconds. The shared vectors are not part of this repository."""

from __future__ import annotations

from typing import Iterator

import pytest

from sandbox.twins.wechat_pay_global import WechatPayGlobalTwin
from tests.support import wechat_pay_notices as made
from tests.support.vectors import SHARED

collect_ignore = [] if (SHARED / "wechatpay.json").exists() else ["test_shared_vectors.py"]


@pytest.fixture
def twin() -> Iterator[WechatPayGlobalTwin]:
    with WechatPayGlobalTwin(keys=made.keys()) as running:
        yield running
