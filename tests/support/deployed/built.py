"""What `make build` lays out, made once for all test workers, for a Python that this machine has.

home, target, python = built("tencent", shared_folder)
"""

from __future__ import annotations

import fcntl
import os
import sys
from pathlib import Path
from typing import NamedTuple

from infra.build.compiling import interpreter
from infra.build.staging import stage
from infra.build.targets import TARGETS, Target


class Built(NamedTuple):
    target: Target
    home: Path
    """build/<cloud>."""
    python: str
    """Of the target's version."""


def built(cloud: str, shared: Path) -> Built:
    """`shared`: a folder of the whole test run, the same for all workers."""
    target = next(target for target in TARGETS if target.cloud == cloud)
    python = interpreter(target.python)
    if python is None:
        # Still the real wheels, layout and contract, on another Python: said aloud, for it proves less.
        target = target._replace(python=sys.version_info[:2])
        python = os.path.realpath(sys.executable)
        print(f"!!! no Python of {cloud}'s runtime here: the built zips run on {target.version} !!!", file=sys.stderr)
    shared.mkdir(parents=True, exist_ok=True)
    with open(shared / f"{cloud}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = shared / f"{cloud}.done"
        if not done.exists():
            stage(target, shared)
            done.touch()
    return Built(target, shared / cloud, python)
