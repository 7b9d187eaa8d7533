"""A pair and where its twin's notices arrive; which pair, a test's mark says."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest

from tests.support.pairs import Kind, Pair, pair_of
from tests.support.receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def pair(kind: Kind, receiver: Receiver, tmp_path: Path) -> Iterator[Pair]:
    with pair_of(kind, tmp_path, receiver.url) as running:
        yield running
