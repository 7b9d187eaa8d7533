"""Runs a built zip in AWS's own runtime: the runtime interface client, behind the runtime interface emulator.

    with LambdaInstance(built, "login", environment, folder) as instance:
        result = instance.invoke(event)

The layers are unpacked into one folder as they are under /opt, the emulator (from the wheel of the SAM CLI) enforces
the time limit and starts the process anew after it. Not faithful there: memory is not limited, and a handler's error
comes back as HTTP 200 with `errorType` in its body.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
import zipfile
from functools import cache
from pathlib import Path
from typing import Any, Mapping

from infra.build.staging import zip_of
from tests.support.deployed.built import Built
from tests.support.deployed.mounts import OPT, mounted
from tests.support.engines import ROOT, free_port

CLIENT = ROOT / ".venvs" / "ric"
EMULATORS = ROOT / ".venvs" / "sam"
ANSWER_SECONDS = 60
START_TRIES = 200
_REPORT = re.compile(r"REPORT RequestId: \S+.*?(?:Init Duration: ([\d.]+) ms.*?)?\bDuration: ([\d.]+) ms")


@cache
def _client(python: str) -> Path:
    """The venv's Python, of the function's own version."""
    with open(ROOT / ".venvs" / "ric.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run([python, str(ROOT / "tools" / "prepare.py"), ".venvs/ric=ric"], check=True, cwd=ROOT)
    return CLIENT / "bin" / "python"


@cache
def _emulator(shared: Path) -> Path:
    """A copy that may be executed."""
    machine = {"x86_64": "x86_64", "aarch64": "arm64"}[os.uname().machine]
    kept = next(EMULATORS.glob(f"lib/python*/site-packages/samcli/local/rapid/aws-lambda-rie-{machine}"))
    copy = Path(tempfile.mkdtemp(dir=shared)) / "emulator"
    shutil.copyfile(kept, copy)
    copy.chmod(0o755)
    return copy


@cache
def _layers(home: Path) -> Path:
    """Unpacked once for the instances of one test worker: on the platform /opt is read-only, and a test looks that we
    treat it so."""
    folder = Path(tempfile.mkdtemp(dir=home.parent))
    for layer in ("layer-core", "layer-deps"):
        _unpack(zip_of(home, layer), folder)
    return folder


class LambdaInstance:
    """One execution environment; the first invocation starts it cold. in_place: see `mounts`."""

    def __init__(
        self, built: Built, door: str, environment: Mapping[str, str], folder: Path, timeout_seconds: int = 10,
        in_place: bool = False,
    ) -> None:  # fmt: skip
        self.task, self.opt = folder / "task", _layers(built.home)
        _unpack(zip_of(built.home, door), self.task)
        address, runtime = free_port(), free_port()
        self.url = f"http://127.0.0.1:{address}/2015-03-31/functions/function/invocations"
        self._log_file = folder / "log"
        command = [
            _emulator(built.home.parent), "--runtime-interface-emulator-address", f"127.0.0.1:{address}",
            "--runtime-api-address", f"127.0.0.1:{runtime}", "--log-level", "warn", _client(built.python), "-m",
            "awslambdaric", "index.main_handler",
        ]  # fmt: skip
        with open(self._log_file, "wb") as log:
            self._process = subprocess.Popen(
                mounted(self.opt, self.task, command) if in_place else command,
                cwd=self.task,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**self._platform(door, timeout_seconds, OPT if in_place else self.opt), **environment},
            )
        _wait_for(address)

    def _platform(self, door: str, timeout_seconds: int, opt: Path) -> dict[str, str]:
        return {
            "LAMBDA_TASK_ROOT": str(self.task), "PYTHONPATH": f"{self.task}:{opt / 'python'}",
            "PATH": "/usr/bin:/bin",
            "AWS_LAMBDA_FUNCTION_NAME": f"twinshore-test-eu-{door}", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout_seconds), "AWS_REGION": "eu-central-1", "TZ": ":UTC",
            "LANG": "en_US.UTF-8", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "not-a-secret",
        }  # fmt: skip

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """What came back, JSON read; the emulator's own words (a time-out) as text."""
        request = urllib.request.Request(self.url, json.dumps(event).encode())
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as reply:
            content = reply.read().decode()
        try:
            return json.loads(content)
        except ValueError:
            return content

    @property
    def pid(self) -> int:
        return self._process.pid

    def code(self) -> set[Path]:
        """Every file of the code's folders."""
        return {path for folder in (self.task, self.opt) for path in folder.rglob("*")}

    def reports(self) -> list[tuple[float | None, float]]:
        """(init, duration) in milliseconds of each invocation, as the platform's REPORT lines say."""
        return [(float(init) if init else None, float(took)) for init, took in _REPORT.findall(self.log())]

    def log(self) -> str:
        return self._log_file.read_text(encoding="utf-8", errors="replace")

    def lines(self) -> list[dict[str, Any]]:
        """Our own, of the log."""
        return [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]

    def peak_memory_bytes(self) -> int:
        """Of the function's process, now: its high-water mark of resident memory."""
        status = next(
            text for text in map(_status, Path("/proc").glob("[0-9]*")) if f"PPid:\t{self._process.pid}\n" in text
        )
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found
        return int(found.group(1)) * 1024

    def close(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(10)

    def __enter__(self) -> LambdaInstance:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _status(process: Path) -> str:
    try:
        return (process / "status").read_text()
    except OSError:
        return ""  # it ended meanwhile


def _wait_for(port: int) -> None:
    for _ in range(START_TRIES):
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the emulator does not listen")


def _unpack(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as file:
        file.extractall(folder)
