"""Compiles requirements/*.in into locks that hold on every Python from 3.10 up: `python tools/lock.py path/to/uv`.

No registry is named in a lock: whoever installs uses the one that their machine is set up for.
"""

import pathlib
import subprocess
import sys

LOCKS = pathlib.Path(__file__).resolve().parent.parent / "requirements"
# A lock stands after those it takes versions from (its -c line).
ORDER = ("bootstrap", "runtime", "test", "lint", "bench", "sam", "ministack")
OPTIONS = ["--quiet", "--universal", "--python-version=3.10", "--generate-hashes"]
OPTIONS += ["--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"]

assert set(ORDER) == {path.stem for path in LOCKS.glob("*.in")}, "every .in file is in ORDER"
for name in ORDER:
    print("twinshore: locking", name, flush=True)
    subprocess.run([sys.argv[1], "pip", "compile", *OPTIONS, f"{name}.in", "-o", f"{name}.txt"], cwd=LOCKS, check=True)
