"""Every command of the pages is run, or is one that CI runs."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from pathlib import Path

import pytest

from tests.support.tree import ROOT, doors, tracked_files

FENCE = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")
PAGES = [path for path in tracked_files() if path.suffix == ".md"]
RUN_SECONDS = 180
RUN_BY_CI = ("make test", "make lint")


def commands() -> list[str]:
    found: dict[str, None] = {}
    for page in PAGES:
        for block in FENCE.findall((ROOT / page).read_text(encoding="utf-8")):
            found.update(dict.fromkeys(line for line in block.splitlines() if line))
    return list(found)


def free_base_port() -> int:
    """A port with fifty free ones above it: the box takes several from its base."""
    for base in range(20000, 60000, 100):
        try:
            for port in range(base, base + 50):
                with socket.socket() as listener:
                    listener.bind(("127.0.0.1", port))
        except OSError:
            continue
        return base
    raise AssertionError("no free ports")


@pytest.mark.parametrize("command", [line for line in commands() if line not in RUN_BY_CI])
def test_a_command_of_the_pages_works(command: str, tmp_path: Path) -> None:
    environment = {**os.environ, "TWINSHORE_RUN_ONCE": "1", "TWINSHORE_PORT": str(free_base_port())}
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=RUN_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (
        f"`{command}` ended with {done.returncode}:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    )


def test_what_ci_runs_is_what_the_readme_says() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    for command in RUN_BY_CI:
        assert command in commands()
        assert command in script


def test_both_readmes_give_the_same_commands_and_the_same_doors() -> None:
    english, chinese = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md"))
    assert FENCE.findall(english) == FENCE.findall(chinese)
    rows = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)
    assert rows.findall(english) == rows.findall(chinese)
    assert set(doors()) == set(rows.findall(english))


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_page_links_to_what_is_there(page: Path) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    broken = [target for target in LINK.findall(text) if not (ROOT / page.parent / target).exists()]
    assert not broken, f"{page} links to {broken}"
