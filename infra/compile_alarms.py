"""Write both clouds' alarms from infra/alarms.toml: `python -m infra.compile_alarms [--check]`.

On AWS a section of template.yaml between two marks, with the dashboard; on Tencent infra/tencent/alarms.json, which
logs.tf reads, with the keys that CLS must index for it. The names of the figures are twinshore.metrics' own.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from infra.aws_alarms import section
from infra.tencent_alarms import alarms, indexed

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "infra" / "alarms.toml"
TEMPLATE = ROOT / "template.yaml"
TENCENT = ROOT / "infra" / "tencent" / "alarms.json"
BEGIN, END = "  # Alarms: begin", "  # Alarms: end"


def wanted() -> dict[str, Any]:
    """infra/alarms.toml as it stands."""
    read: dict[str, Any] = tomllib.loads(SOURCE.read_text(encoding="utf-8"))
    return read


def compile_template(template: str, table: dict[str, Any]) -> str:
    """`template` with its section written anew. Raises ValueError if the marks are gone."""
    before, begin, rest = template.partition(f"{BEGIN}\n")
    _, end, after = rest.partition(f"{END}\n")
    if not begin or not end:
        raise ValueError(f"template.yaml has no section between {BEGIN!r} and {END!r}")
    return f"{before}{begin}{section(table)}{end}{after}"


def compile_tencent(table: dict[str, Any]) -> str:
    return json.dumps({"indexed": indexed(), "alarms": alarms(table)}, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    template, table = TEMPLATE.read_text(encoding="utf-8"), wanted()
    written = {TEMPLATE: compile_template(template, table), TENCENT: compile_tencent(table)}
    stale = [path for path, text in written.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" in sys.argv and stale:
        sys.exit(f"stale: {', '.join(path.name for path in stale)}; run python -m infra.compile_alarms")
    for path in stale:
        path.write_text(written[path], encoding="utf-8")


if __name__ == "__main__":
    main()
