"""The shared vectors are not part of this repository."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest

from sandbox.twins.grabpay import GrabPayTwin
from tests.support.grabpay_place import Place, provider, vault_in
from tests.support.vectors import SHARED

collect_ignore = [] if (SHARED / "grabpay.json").exists() else ["test_shared_vectors.py"]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with GrabPayTwin() as twin:
        vault = vault_in(tmp_path)
        yield Place(twin, vault, provider(twin.url, twin.secret(), vault))
