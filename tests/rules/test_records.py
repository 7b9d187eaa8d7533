"""A record's fields are types, not texts, on the way up of a door without models.

Under `from __future__ import annotations` a NamedTuple turns each annotation into a ForwardRef, which compiles it, and
the interpreter's first `compile()` costs a cold start 10 million instructions, about 3 ms.
So modules with records do without that import (docs/performance.md).
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.rules.test_imports import BUDGET, runtime_packages
from tests.support.tree import ROOT

START_SECONDS = 60
WATCH = """
import sys
sys.path[:0] = sys.argv[1:]
compiled = []
def watch(event, arguments):
    if event == "compile" and arguments[1] == "<string>" and not arguments[0].startswith(b"lambda _cls"):
        compiled.append(arguments[0].decode())
sys.addaudithook(watch)
import index, twinshore.wiring, twinshore.store.postgres, twinshore.store.dynamodb
import twinshore.clouds.aws.secrets, twinshore.clouds.tencent.secrets
print("\\n".join(compiled))
"""


@pytest.mark.parametrize("door", BUDGET["without_models"])
def test_a_door_without_models_compiles_nothing_on_its_way_up(door: str) -> None:
    path = [str(ROOT / "functions" / door), str(ROOT / "layers" / "core"), runtime_packages()]
    done = subprocess.run(
        [sys.executable, "-S", "-s", "-E", "-c", WATCH, *path],
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
        capture_output=True, text=True, timeout=START_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not done.stdout.strip(), f"no `from __future__ import annotations` beside a NamedTuple: {done.stdout}"
