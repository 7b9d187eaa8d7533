"""The shared vectors are not part of this repository."""

from __future__ import annotations

from typing import Iterator

import pytest

from sandbox.twins.dana import DanaTwin
from tests.support import dana_place
from tests.support.vectors import SHARED

collect_ignore = [] if (SHARED / "dana.json").exists() else ["test_shared_vectors.py"]


@pytest.fixture
def twin() -> Iterator[DanaTwin]:
    with dana_place.twin() as running:
        yield running
