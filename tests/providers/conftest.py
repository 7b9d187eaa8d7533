"""A pair that a test's mark names."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest

from tests.support.pairs import Kind, Pair, pair_of


@pytest.fixture
def pair(kind: Kind, tmp_path: Path) -> Iterator[Pair]:
    with pair_of(kind, tmp_path) as running:
        yield running
