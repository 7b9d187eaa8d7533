"""The shared vectors are not part of this repository."""

from __future__ import annotations

from typing import Iterator

import pytest

from sandbox.twins.paypal import PayPalTwin
from tests.support.vectors import SHARED

collect_ignore = [] if (SHARED / "paypal.json").exists() else ["test_shared_vectors.py"]


@pytest.fixture(scope="module")
def running() -> Iterator[PayPalTwin]:
    with PayPalTwin() as twin:
        yield twin


@pytest.fixture
def twin(running: PayPalTwin) -> PayPalTwin:
    """One twin, whose keys are dear to make, with an empty book for each test."""
    running.book.__init__({}, f"{running.url}/checkoutnow", running.url)  # type: ignore[misc]
    running.answers.clear()
    running.faults = {}
    return running
