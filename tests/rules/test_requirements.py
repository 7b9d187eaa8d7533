"""What may be installed beside our code."""

from __future__ import annotations

import re
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.support.tree import CODE_FOLDERS, ROOT

LOCKS = sorted([*(ROOT / "requirements").glob("*.txt"), *(ROOT / "layers" / "deps").glob("*/requirements.txt")])
OURS = {"twinshore", *(folder for folder in CODE_FOLDERS if "/" not in folder)}
# Each installs a package `tests` at the top, which takes the place of ours, or of anybody's.
WITH_TESTS_AT_THE_TOP = {
    "apimatic-core", "apimatic-core-interfaces", "apimatic-requests-client-adapter", "paypal-server-sdk",
}  # fmt: skip


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_lock_holds_a_package_that_takes_our_names(lock: Path) -> None:
    names = {name.lower().replace("_", "-") for name in re.findall(r"^([\w.-]+)==", lock.read_text(), re.MULTILINE)}
    assert names, "a lock pins something"
    assert not names & WITH_TESTS_AT_THE_TOP


def test_nothing_that_is_installed_takes_our_names() -> None:
    taken = {name: by for name, by in packages_distributions().items() if name in OURS}
    assert not taken, f"an import of ours would find theirs: {taken}"
