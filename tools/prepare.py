"""Puts a virtual environment in place from the locks: `python tools/prepare.py .venv=runtime,test .venvs/sam=sam`.

Needs a Python of 3.10 or later with `venv`, and a package registry. A second call with the same locks does nothing.
uv, locked like everything else, does the work because it is many times faster; where it cannot (a registry that only
pip is set up for), pip does.
"""

import hashlib
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LOCKS = ROOT / "requirements"
INSTALL_SECONDS = 1200

if sys.version_info < (3, 10):  # noqa: UP036 - this file also meets the Pythons that we refuse
    sys.exit("Twinshore needs Python 3.10 or later. Name one: make PYTHON=python3.12 ...")


def run(*command, quiet=False):
    """True when the command succeeded. Its words go to the terminal, unless quiet."""
    words = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL} if quiet else {}
    try:
        return subprocess.run(command, cwd=ROOT, timeout=INSTALL_SECONDS, check=False, **words).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def make_venv(folder):
    """Returns the command that runs pip for this venv."""
    python = folder / "bin" / "python"
    shutil.rmtree(folder, ignore_errors=True)
    if run(sys.executable, "-m", "venv", str(folder), quiet=True):
        return [str(python), "-m", "pip"]
    # Debian splits ensurepip off: a venv without pip, filled from outside, does as well.
    shutil.rmtree(folder, ignore_errors=True)
    outside = [sys.executable, "-m", "pip", "--python", str(python)]
    bare = run(sys.executable, "-m", "venv", "--without-pip", str(folder), quiet=True)
    if bare and run(*outside, "--version", quiet=True):
        return outside
    shutil.rmtree(folder, ignore_errors=True)
    sys.exit(
        f"{sys.executable} cannot make a virtual environment: its `venv` or `ensurepip` is missing.\n"
        "On Debian and Ubuntu: apt-get install python3-venv. Or name another Python: make PYTHON=python3.12 ..."
    )


def install(folder, pip, group):
    python, uv, lock = folder / "bin" / "python", folder / "bin" / "uv", LOCKS / f"{group}.txt"
    print(f"twinshore: installing {group} into {folder.relative_to(ROOT)}", flush=True)
    bootstrap = ["install", "--quiet", "--require-hashes", "-r", str(LOCKS / "bootstrap.txt")]
    if uv.exists() or run(*pip, *bootstrap, quiet=True):
        # Everything is in the lock: nothing to resolve. Compiled once here, not at somebody's first request.
        options = ["--quiet", "--require-hashes", "--no-deps", "--compile-bytecode", "--python", str(python)]
        if run(str(uv), "pip", "install", *options, "-r", str(lock)):
            return
        print("twinshore: uv could not; pip tries", flush=True)
    if not run(*pip, "install", "--quiet", "--require-hashes", "--no-deps", "-r", str(lock)):
        sys.exit(f"twinshore: {lock.relative_to(ROOT)} could not be installed; the lines above say why")


def wanted(groups):
    """What a finished venv is stamped with: the interpreter, and the locks as they are now."""
    digest = hashlib.sha256(repr((sys.version, groups)).encode())
    for group in groups:
        digest.update((LOCKS / f"{group}.txt").read_bytes())
    return digest.hexdigest()


def prepare(folder, groups):
    """A venv grows from group to group (`run`, then `test`); another interpreter or another lock starts it anew."""
    stamps = {group: folder / f".twinshore-{group}" for group in groups}
    missing = [g for g, stamp in stamps.items() if not stamp.exists() or stamp.read_text() != wanted([g])]
    if not missing:
        return
    pip = [str(folder / "bin" / "python"), "-m", "pip"]
    stale = [p for p in folder.glob(".twinshore-*") if p.read_text() != wanted([p.name.removeprefix(".twinshore-")])]
    if stale or not any(folder.glob(".twinshore-*")):
        pip = make_venv(folder)
        missing = list(groups)
    elif not run(*pip, "--version", quiet=True):
        pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python")]
    for group in missing:
        install(folder, pip, group)
        stamps[group].write_text(wanted([group]))


for wish in sys.argv[1:]:
    where, _, names = wish.partition("=")
    unknown = [name for name in names.split(",") if not (LOCKS / f"{name}.txt").is_file()]
    if unknown:
        sys.exit(f"{__doc__}\nnot {wish!r}: FOLDER=LOCK[,LOCK ...], with locks of requirements/")
    prepare((ROOT / where).resolve(), names.split(","))
