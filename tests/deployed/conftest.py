"""The built zips of each cloud, once for the whole run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.deployed.built import Built, built


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all workers: their own base folders lie in it."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if base.name.startswith("popen-") else base) / "built"


@pytest.fixture(scope="session")
def tencent(shared: Path) -> Built:
    return built("tencent", shared)


@pytest.fixture(scope="session")
def aws(shared: Path) -> Built:
    return built("aws", shared)
