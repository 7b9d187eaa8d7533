"""`python probe.py STACK [REQUESTS]`: in a fresh interpreter, import one stack, answer one request, then time more."""

import time

STARTED = time.perf_counter()
import importlib  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402

name, requests = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0
if name.startswith("pay_"):
    import json

    from bench.request import Context

    with open(os.environ["BENCH_KEYS"] + "/notify.json") as file:
        event = json.load(file)
else:
    from bench.request import EVENT as event  # noqa: N811 - a copy that the loop below may write
    from bench.request import Context
context = Context()
sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - a door's log lines are work; where they go is not
before_import = time.perf_counter()
stack = importlib.import_module(f"bench.stacks.{name}")
imported = time.perf_counter()
reply = stack.handler(event, context)
answered = time.perf_counter()
cpu_seconds = time.process_time()
modules = len(sys.modules)
import json  # noqa: E402

told = json.loads(reply["body"])
assert reply["statusCode"] in (200, 201), reply
assert told.get("amount") == 12345 or (told.get("total") == 1200 and told["authorised"]), told
result = {"ready": answered, "cpu_ms": cpu_seconds * 1e3, "import_ms": (imported - before_import) * 1e3,
          "modules": modules}  # fmt: skip
if requests:
    for _ in range(requests // 5):
        stack.handler(event, context)
    blocks = []
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(requests):
            stack.handler(event, context)
        blocks.append((time.perf_counter() - start) / requests * 1e6)
    result["us"] = sorted(blocks)[2]
os.write(2, b"\n" + json.dumps(result).encode())
os._exit(0)
