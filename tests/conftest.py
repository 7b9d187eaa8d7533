"""`at`: the doors, opened as Lambda (cell eu) and as SCF (cell cn). See tests/support/doors.py.

And the engines that take seconds to start: one of each for a test worker, where each room has a database, a table of
its own.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Iterator

import pytest

# Before any of them is imported, by whatever test comes first: what they assert is told in full, too.
pytest.register_assert_rewrite("tests.support")

from tests.support import engines  # noqa: E402 - see above
from tests.support.doors import Place  # noqa: E402
from twinshore import deadline, log, wiring  # noqa: E402


@pytest.fixture(params=["eu", "cn"], ids=["lambda", "scf"])
def at(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    before = dict(os.environ)
    yield Place(request.param, tmp_path, {}, {})
    os.environ.clear()
    os.environ.update(before)
    wiring.reset()


@pytest.fixture(autouse=True)
def _no_invocation() -> Iterator[None]:
    """Whichever way a test opened a door: what comes next in this thread is no invocation. It has all the time
    it wants, is about no request, and has no trace."""
    deadline.start(None)
    yield
    deadline.start(None)
    log.bind()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[engines.PostgresServer]:
    with engines.postgres_server(flushes=False) as server:  # whoever cuts its power has one of their own
        yield server


@pytest.fixture(scope="session")
def ministack_url() -> Iterator[str]:
    with engines.ministack() as url:
        yield url
