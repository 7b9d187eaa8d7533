"""What is built for which cloud, and how large it may become."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
MEGABYTE = 1_000_000

DEPS_LIMIT_BYTES = 25 * MEGABYTE
"""Of the zipped layer of third-party packages: a cold start pulls it over the network (docs/decisions/0190)."""
FUNCTION_LIMIT_BYTES = 20_000
"""Of one door, zipped: there is one file of at most 40 lines in it."""
CORE_LIMIT_BYTES = 2 * MEGABYTE


class Target(NamedTuple):
    name: str
    """Of its folder under build/."""
    cloud: str
    python: tuple[int, int]
    machine: str
    """As an ELF file's machine is called: x86_64, aarch64."""
    c_library: str
    """uv's word for the oldest one that the wheels must run on."""
    inside: str
    """Folder of a layer's zip that holds the packages: Lambda puts python/ on the path, SCF unpacks flat into /opt."""
    mounted: str
    """Where that folder is at run time: what tracebacks show."""
    unpacked_limit_bytes: int
    """All layers and the function together. Lambda: 250 MB; SCF: 500 MB."""

    @property
    def version(self) -> str:
        return ".".join(map(str, self.python))

    @property
    def platform(self) -> str:
        return f"{self.machine}-{self.c_library}"

    @property
    def architecture(self) -> str:
        """Lambda's word for the machine."""
        return {"aarch64": "arm64"}.get(self.machine, self.machine)


AWS = Target("aws", "aws", (3, 13), "x86_64", "manylinux_2_28", "python", "/opt/python", 250 * MEGABYTE)
TENCENT = Target("tencent", "tencent", (3, 10), "x86_64", "manylinux2014", "", "/opt", 500 * MEGABYTE)
TARGETS = (AWS, TENCENT)
AWS_ARM64 = AWS._replace(name="aws-arm64", machine="aarch64")
"""The same functions on Graviton. Built beside the default, which template.yaml names (docs/decisions/0200)."""
ALL_TARGETS = (*TARGETS, AWS_ARM64)


def doors() -> list[str]:
    return sorted(path.parent.name for path in (ROOT / "functions").glob("*/index.py"))
