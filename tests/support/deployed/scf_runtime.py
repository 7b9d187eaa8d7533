"""Stands for SCF's Python runtime inside the function's process; reads invocations from stdin, one JSON line each.

Started by tests/support/deployed/scf.py with the environment that SCF sets (document 583/30228) and nothing else.
Sources: handler `file.function`, event and context as dicts, the result serialised by the platform (583/55592);
an uncaught exception becomes {errorCode, errorMessage, requestId, stackTrace, statusCode: 430} (583/42611).
"""

import importlib
import json
import os
import sys
import time
import traceback


def main():
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the function prints goes to the log
    began = time.perf_counter()
    module, _, function = os.environ["_HANDLER"].partition(".")
    handler = getattr(importlib.import_module(module), function)
    answers.write(json.dumps({"init_ms": (time.perf_counter() - began) * 1000}) + "\n")
    answers.flush()
    for line in sys.stdin:
        invocation = json.loads(line)
        os.environ.update(invocation["environment"])
        began = time.perf_counter()
        try:
            result = json.loads(json.dumps(handler(invocation["event"], invocation["context"])))
        except Exception as err:
            result = {
                "errorCode": -1, "errorMessage": str(err), "requestId": invocation["context"]["request_id"],
                "stackTrace": traceback.format_exc(), "statusCode": 430,
            }  # fmt: skip
        taken = (time.perf_counter() - began) * 1000
        sys.stdout.flush()
        sys.stderr.flush()
        answers.write(json.dumps({"result": result, "ms": taken, "modules": len(sys.modules)}) + "\n")
        answers.flush()


main()
