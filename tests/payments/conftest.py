from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest

from tests.support.paper_shop import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path / "store.db")
    yield made
    made.store.close()
