"""`sea`: two cells that exchange points. After each test no point is lost or made."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest

from tests.support.sea import Sea
from tests.support.shores import assert_conserved


@pytest.fixture
def sea(tmp_path: Path) -> Iterator[Sea]:
    one = Sea(tmp_path)
    yield one
    try:
        assert_conserved(one.here, one.there)
    finally:
        one.close()
