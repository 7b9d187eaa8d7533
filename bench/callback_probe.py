"""`python callback_probe.py FILE ours|peer`: from nothing to one callback read, as a cold function does it."""

import json
import os
import sys
import time

from bench import callback_readers

with open(sys.argv[1], encoding="utf-8") as file:
    kept = json.load(file)
build = callback_readers.ours if sys.argv[2] == "ours" else callback_readers.peer_of(kept["name"])[1]
reference = build(kept)()
answered = time.perf_counter()
cpu_seconds = time.process_time()
assert reference in kept["references"], reference
os.write(2, b"\n" + json.dumps({"ready": answered, "cpu_ms": cpu_seconds * 1e3, "modules": len(sys.modules)}).encode())
os._exit(0)
