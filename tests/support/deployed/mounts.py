"""Starts a process where the platform's folders are mounted as on the platform: the layers at /opt, the code read-only.

In a mount namespace of the process's own (unshare(1), mount(8)), which nobody else sees. Other tests use
the folders where they lie: bytecode that is written for want of a shipped one can be seen there only.
"""

from __future__ import annotations

import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Sequence

OPT = Path("/opt")
_MOUNT = """
mount --bind "$1" /opt && mount -o remount,bind,ro /opt &&
mount --bind "$2" "$2" && mount -o remount,bind,ro "$2" && cd "$2" && shift 2 && exec "$@"
"""


@cache
def own_namespace() -> tuple[str, ...]:
    """The command that makes one; () where that is permitted neither to root nor in a user namespace."""
    rights = () if os.geteuid() == 0 else ("--map-root-user",)
    command = ("unshare", *rights, "--mount")
    here = str(Path(__file__).parent)
    try:
        tried = subprocess.run([*command, "sh", "-c", _MOUNT, "sh", here, here, "true"], capture_output=True)
    except FileNotFoundError:
        return ()
    return command if tried.returncode == 0 else ()


def mounted(layers: Path, code: Path, command: Sequence[str | Path]) -> list[str]:
    """`command`, with `layers` at /opt and `code` where it lies, both read-only; it is begun in `code`, under the
    process id that it is started with."""
    return [*own_namespace(), "sh", "-c", _MOUNT, "sh", str(layers), str(code), *map(str, command)]


def read_only(pid: int) -> set[str]:
    """Where that process has read-only mounts (proc(5), mountinfo: field 5 is the place, field 6 the options)."""
    lines = Path(f"/proc/{pid}/mountinfo").read_text(encoding="utf-8").splitlines()
    return {line.split()[4] for line in lines if "ro" in line.split()[5].split(",")}
