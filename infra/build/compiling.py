"""Bytecode that a cold start need not make: by the very Python that will read it, never checked against its source.

SCF sets PYTHONDONTWRITEBYTECODE and both clouds' code folders are read-only: what is not compiled here is compiled at
each cold start. Unchecked hashes (PEP 552) hold no time, so that two builds are the same bytes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from infra.build.targets import Target


def interpreter(python: tuple[int, int]) -> str | None:
    """A CPython of exactly this minor version on this machine, or None."""
    name = f"python{python[0]}.{python[1]}"
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for candidate in (shutil.which(name), sys.executable, *sorted(map(str, pyenv.glob(f"{python[0]}.{python[1]}.*/bin/{name}")))):
        if candidate and _is(candidate, python):
            return candidate
    return None


def _is(candidate: str, python: tuple[int, int]) -> bool:
    """A shim on the path may stand for another version, or for none."""
    asked = [candidate, "-c", "import sys; print(*sys.version_info[:2])"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return done.returncode == 0 and done.stdout.split() == [str(part) for part in python]


def compile_folder(python: str, folder: Path, mounted: str, target: Target) -> None:
    """One process and a fixed hash seed: the bytes depend on the sources alone. `mounted`: the folder in the cloud."""
    command = [python, "-m", "compileall", "-q", "-j", "1", "--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(folder), "-p", mounted, str(folder)]
    environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"twinshore: not everything compiles on Python {target.version}\n{done.stdout}")
