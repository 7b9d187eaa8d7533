"""Makes a folder for what tests write, and prints its name: `TMPDIR=$(python tools/scratch.py)`. The caller removes it.

In memory where that is possible. Tests make thousands of small databases, each commit of which waits for the disk: on
two cores that was more than half of their time. No test cuts the power of the machine, so what would survive that is
not shown either way.
"""

import os
import pathlib
import shutil
import tempfile
import time

MEMORY = pathlib.Path("/dev/shm")  # Linux's; elsewhere, and in a small container, the tests use the disk
NEEDED_BYTES = 10 * 2**30
"""The whole suite takes six or seven."""
PREFIX = "twtest-"  # short: the path of a socket has 107 characters at most
LEFT_BEHIND_SECONDS = 24 * 3600


def has_room(folder):
    """Programs are started from there too."""
    if not os.access(folder, os.W_OK):
        return False
    found = os.statvfs(folder)
    return not found.f_flag & os.ST_NOEXEC and min(found.f_bavail * found.f_frsize, free_bytes()) >= NEEDED_BYTES


def free_bytes():
    """Of memory, other processes' caches included."""
    lines = pathlib.Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))


def main():
    base = MEMORY if has_room(MEMORY) else pathlib.Path(tempfile.gettempdir())
    for folder in base.glob(f"{PREFIX}*"):  # of a run that was killed
        if folder.stat().st_mtime < time.time() - LEFT_BEHIND_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)
    print(tempfile.mkdtemp(prefix=PREFIX, dir=base))


main()
