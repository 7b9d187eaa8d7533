"""`python probe.py STACK [BLOCKS]`: import one stack, answer a request, then time blocks more."""

import importlib
import os
import sys
import time

BLOCK_REQUESTS = 50

name, blocks = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0
kind = name.split("_")[0]
if kind == "json":
    from bench.request import EVENT, Context

    event = EVENT
else:
    import json

    from bench.request import Context

    with open(os.environ["BENCH_FOLDER"] + {"pay": "/notify.json", "login": "/login.json"}[kind]) as file:
        event = json.load(file)
context = Context()
sys.stdout = open(os.devnull, "w")
stack = importlib.import_module(f"bench.stacks.{name}")
reply = stack.handler(event, context)
answered = time.perf_counter()
cpu_seconds = time.process_time()
modules = len(sys.modules)
import json  # noqa: E402

told = json.loads(reply["body"])
right = {
    "json": told.get("total") == 1200 and told.get("authorised"),
    "pay": told.get("amount") == 12345 or told.get("code") == "SUCCESS",
    "login": told.get("access_token"),
}
assert reply["statusCode"] in (200, 201), reply
assert right[kind], told
result = {
    "ready": answered,
    "cpu_ms": cpu_seconds * 1e3,
    "modules": modules,
}
if blocks:
    for _ in range(100):
        assert stack.handler(event, context)["statusCode"] == reply["statusCode"]
    fastest = float("inf")
    for _ in range(blocks):
        start = time.perf_counter()
        for _ in range(BLOCK_REQUESTS):
            stack.handler(event, context)
        fastest = min(fastest, time.perf_counter() - start)
    result["us"] = fastest / BLOCK_REQUESTS * 1e6
os.write(2, b"\n" + json.dumps(result).encode())
os._exit(0)
