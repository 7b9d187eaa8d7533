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
    cloud: str
    python: tuple[int, int]
    platform: str
    """uv's word for the C library and the machine of the wheels."""
    inside: str
    """Folder of a layer's zip that holds the packages: Lambda puts python/ on the path, SCF unpacks flat into /opt."""
    mounted: str
    """Where that folder is at run time: what tracebacks show."""
    unpacked_limit_bytes: int
    """All layers and the function together. Lambda: 250 MB; SCF: 500 MB."""

    @property
    def version(self) -> str:
        return ".".join(map(str, self.python))


TARGETS = (
    Target("aws", (3, 13), "x86_64-manylinux_2_28", "python", "/opt/python", 250 * MEGABYTE),
    Target("tencent", (3, 10), "x86_64-manylinux2014", "", "/opt", 500 * MEGABYTE),
)


def doors() -> list[str]:
    return sorted(path.parent.name for path in (ROOT / "functions").glob("*/index.py"))
