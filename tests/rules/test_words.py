"""What no tracked file says: where somebody's machine keeps things, which registry it uses, a secret."""

from __future__ import annotations

import re
from functools import lru_cache

import pytest

from tests.support.tree import ROOT, tracked_files

# Written in pieces, so that this file does not say them either.
MACHINE_PATHS = re.compile(
    "|".join(("/ro" + "ot/", "/wo" + "rk/", "/Us" + "ers/", "/ho" + "me/(?!qcloud)", "/tmp/" + "w/"))
)
REGISTRIES = re.compile("|".join(("py" + r"pi\.org", "python" + "hosted", "npm" + r"js\.org", "deb" + r"ian\.org")))
KEYS = re.compile(r"sk_live_[A-Za-z0-9]{8}|AKIA[0-9A-Z]{16}|AKID[0-9A-Za-z]{30}")
ASIDES = re.compile("|".join(("cl" + "aude", "anthr" + "opic", "chat" + "gpt", "copi" + "lot")), re.IGNORECASE)


@lru_cache(maxsize=None)
def texts() -> dict[str, str]:
    found = {}
    for path in tracked_files():
        raw = (ROOT / path).read_bytes()
        if b"\0" not in raw[:8000]:
            found[str(path)] = raw.decode("utf-8")
    return found


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("a path of a machine", MACHINE_PATHS),
        ("a registry's host", REGISTRIES),
        ("a live key", KEYS),
        ("a word from outside", ASIDES),
    ],
    ids=["paths", "registries", "keys", "asides"],
)
def test_no_tracked_file_says(what: str, pattern: re.Pattern[str]) -> None:
    found = [
        f"{name}:{number}"
        for name, text in texts().items() if pattern.search(text)
        for number, line in enumerate(text.splitlines(), 1) if pattern.search(line)
    ]  # fmt: skip
    assert not found, f"{what} stands in {found}"


def test_a_private_key_stands_in_test_vectors_only() -> None:
    key = re.compile(r"PRIVATE KEY-----(\\n|\s)*[A-Za-z0-9+/]{40}")
    found = [name for name, text in texts().items() if key.search(text) and not name.startswith("tests/")]
    assert not found, f"keys are made at start, or read as secrets: {found}"


def test_a_lock_is_hashed_and_names_no_place() -> None:
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert any("--hash=sha256:" in line for line in lines), f"{path.name} has no hashes"
        places = [line for line in lines if re.match(r"--(index-url|extra-index-url|find-links)|.*://", line)]
        assert not places, f"{path.name} names a place: {places}"


def test_every_lock_has_its_source() -> None:
    names = {path.stem for path in (ROOT / "requirements").glob("*.txt")}
    assert names == {path.stem for path in (ROOT / "requirements").glob("*.in")}
