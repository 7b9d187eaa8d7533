"""Runs a built zip as SCF does: unpacked to a folder, layers flat in one other, nothing of this project on the path.

    with ScfInstance(built, "login", environment, folder) as instance:
        result = instance.invoke(event)
    instance.log        # what reached the log: the function's own lines, and RetMsg with what it returned

Facts: infra/build/targets.py; the environment, the flat /opt, the dict context and PYTHONDONTWRITEBYTECODE are SCF's
(documents 583/30228, 583/40159, 583/9211). Credentials of the role come as environment variables and change between
invocations.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import zipfile
from pathlib import Path
from typing import Any, Mapping

from infra.build.staging import zip_of
from sandbox.gateway import tencent
from tests.support.deployed.built import Built
from tests.support.deployed.mounts import OPT, mounted

RUNTIME = Path(__file__).with_name("scf_runtime.py")
REGION = "ap-guangzhou"
RESERVED = ("SCF_", "QCLOUD_", "TENCENTCLOUD_")
"""Prefixes that a deployment may not set (document 583/30228)."""
ENVIRONMENT_LIMIT_BYTES = 4096
ANSWER_SECONDS = 30
_numbers = itertools.count(1)


class ScfError(Exception):
    """What the platform would refuse at deployment."""


class ScfInstance:
    def __init__(
        self, built: Built, door: str, environment: Mapping[str, str], folder: Path, in_place: bool = False
    ) -> None:  # fmt: skip
        """in_place: see `mounts`."""
        self.name = f"twinshore-test-cn-{door}"
        if any(name.startswith(RESERVED) for name in environment):
            raise ScfError("a reserved prefix")
        if sum(len(name) + len(value.encode()) for name, value in environment.items()) > ENVIRONMENT_LIMIT_BYTES:
            raise ScfError("more than 4 KB of environment")
        self.credentials = {
            "TENCENTCLOUD_SECRETID": "", "TENCENTCLOUD_SECRETKEY": "", "TENCENTCLOUD_SESSIONTOKEN": "",
        }  # fmt: skip
        self.log: list[str] = []
        self._user, self._opt = folder / "user", folder / "opt"
        _unpack(zip_of(built.home, door), self._user)
        for layer in ("layer-deps", "layer-core"):
            _unpack(zip_of(built.home, layer), self._opt)
        self._log_file = folder / "log"
        self._read_to = 0
        # -S: nothing of the machine's own packages; -B is what the platform's variable says too
        command = [built.python, "-S", str(RUNTIME)]
        with open(self._log_file, "wb") as log:
            self._process = subprocess.Popen(
                mounted(self._opt, self._user, command) if in_place else command, cwd=self._user, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=log, start_new_session=True,
                env={**self._platform(door, OPT if in_place else self._opt), **environment},
            )  # fmt: skip
        self.init_ms = float(self._read()["init_ms"])

    def _platform(self, door: str, opt: Path) -> dict[str, str]:
        return {
            "_HANDLER": "index.main_handler", "PYTHONPATH": f"{self._user}:{opt}",
            "USER_CODE_ROOT": f"{self._user}/",
            "LD_LIBRARY_PATH": f"{self._user}:{opt}", "PYTHONDONTWRITEBYTECODE": "x", "LANG": "en_US.UTF8",
            "LC_ALL": "en_US.UTF8", "HOME": str(self._user.parent), "PATH": "/usr/bin:/bin",
            "TENCENTCLOUD_RUNENV": "SCF",
            "TENCENTCLOUD_REGION": REGION, "TENCENTCLOUD_APPID": "1250000000", "TENCENTCLOUD_UIN": "100000000000",
            "TENCENTCLOUD_TZ": "UTC", "SCF_RUNTIME": "Python3.10", "SCF_FUNCTIONNAME": self.name,
            "SCF_FUNCTIONVERSION": "$LATEST",
        }  # fmt: skip

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """What the handler returned, after the platform's serialisation. It is logged, as it is there."""
        context = tencent.context(self.name, REGION, f"scf-{next(_numbers)}")
        said = {"event": event, "context": context, "environment": self.credentials}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(said) + "\n")
        self._process.stdin.flush()
        answer = self._read()
        self.warm_ms, self.modules = float(answer["ms"]), int(answer["modules"])
        self._take_log()
        self.log.append("RetMsg:" + json.dumps(answer["result"], ensure_ascii=False))
        return answer["result"]

    @property
    def code(self) -> Path:
        return self._user

    @property
    def pid(self) -> int:
        return self._process.pid

    def own_log(self) -> list[dict[str, Any]]:
        """The function's own lines: flat JSON objects, for CLS indexes their first level only."""
        return [json.loads(line) for line in self.log if not line.startswith("RetMsg:")]

    def written_bytecode(self) -> list[Path]:
        """Bytecode that was not in the zips."""
        return [path for path in self._user.parent.rglob("*.pyc") if path not in self._shipped]

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(ANSWER_SECONDS)

    def __enter__(self) -> ScfInstance:
        self._shipped = set(self._user.parent.rglob("*.pyc"))
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait(ANSWER_SECONDS)
            self._take_log()
            raise AssertionError("the function's process ended: " + "\n".join(self.log[-20:]))
        return dict(json.loads(line))

    def _take_log(self) -> None:
        text = self._log_file.read_text(encoding="utf-8")
        self.log += [line for line in text[self._read_to :].splitlines() if line]
        self._read_to = len(text)


def _unpack(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as file:
        file.extractall(folder)
