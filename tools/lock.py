"""Compiles requirements/*.in into locks that hold on every Python from 3.10 up: `make locks`.

The layers' packages are taken from the same locks, each for its cloud's interpreter and its cloud's C library, as
wheels only: neither cloud compiles anything (SCF's functions run on glibc 2.17).

No registry is named in a lock: whoever installs uses the one that their machine is set up for.
"""

import pathlib
import subprocess
import sys

UV = pathlib.Path(sys.executable).parent / "uv"
LOCKS = pathlib.Path(__file__).resolve().parent.parent / "requirements"
# A lock stands after those it takes versions from (its -c line).
ORDER = ("bootstrap", "runtime", "test", "lint", "bench", "sam", "checkov", "ministack", "ric")
OPTIONS = ["--quiet", "--universal", "--python-version=3.10", "--generate-hashes"]
OPTIONS += ["--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"]
# What a lock installs is the whole of it (--no-deps), so a pin that is too narrow is widened here, once.
OVERRIDES = ["--override", "overrides.list"]

assert set(ORDER) == {path.stem for path in LOCKS.glob("*.in")}, "every .in file is in ORDER"
for name in ORDER:
    print("twinshore: locking", name, flush=True)
    subprocess.run(
        [UV, "pip", "compile", *OPTIONS, *OVERRIDES, f"{name}.in", "-o", f"{name}.txt"], cwd=LOCKS, check=True
    )

LAYERS = {"aws": ("3.13", "x86_64-manylinux_2_28"), "tencent": ("3.10", "x86_64-manylinux2014")}
for cloud, (python, platform) in LAYERS.items():
    print("twinshore: locking layers/deps/" + cloud, flush=True)
    folder = LOCKS.parent / "layers" / "deps" / cloud
    options = [
        f"--python-version={python}",
        f"--python-platform={platform}",
        "--only-binary=:all:",
        *(option for option in OPTIONS if option not in ("--universal", "--python-version=3.10")),
    ]
    sources = ["requirements.in", "-c", "../../../requirements/test.txt", "-o", "requirements.txt"]
    subprocess.run([UV, "pip", "compile", *options, *sources], cwd=folder, check=True)
