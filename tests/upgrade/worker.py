"""One instance of a release, in a process of its own: reads invocations from stdin, one JSON line each, and answers.

The package is the one on PYTHONPATH; the doors are the repository's.
"""

import importlib.util
import json
import os
import sys
from pathlib import Path

DOORS = Path(__file__).resolve().parents[2] / "functions"


def door(name):
    spec = importlib.util.spec_from_file_location(f"door_{name}", DOORS / name / "index.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main_handler


def main():
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the code prints goes to the log
    doors = {}
    for line in sys.stdin:
        asked = json.loads(line)
        handler = doors.setdefault(asked["door"], None) or door(asked["door"])
        doors[asked["door"]] = handler
        try:
            answer = {"said": handler(asked["event"], None)}
        except Exception as err:
            answer = {"raised": type(err).__name__}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


main()
