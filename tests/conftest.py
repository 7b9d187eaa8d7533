"""`at`: the doors, opened as Lambda (cell eu) and as SCF (cell cn). See tests/support/doors.py."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Iterator

import pytest

from tests.support.doors import Place
from twinshore import deadline, log, wiring


@pytest.fixture(params=["eu", "cn"], ids=["lambda", "scf"])
def at(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    before = dict(os.environ)
    yield Place(request.param, tmp_path, {}, {})
    os.environ.clear()
    os.environ.update(before)
    wiring.reset()
    deadline.start(None)  # of this thread: what comes next in it is no invocation


@pytest.fixture(autouse=True)
def _lines_about_nothing() -> Iterator[None]:
    """What comes next in this thread is about no request, and has no trace."""
    yield
    log.bind()
