"""checkov looks at both clouds' files; each finding is mended, or stands in infra/checkov.toml with its reason."""

from __future__ import annotations

import json
import os
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from tests.support.tree import ROOT

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib

CHECKOV = ROOT / ".venvs" / "checkov" / "bin" / "checkov"
LOOK_SECONDS = 300
ACCEPTED: list[dict[str, Any]] = tomllib.loads((ROOT / "infra" / "checkov.toml").read_text(encoding="utf-8"))[
    "accepted"
]
PLACES = {"template.yaml": ("cloudformation", "-f"), "infra/tencent": ("terraform", "-d")}


def looked_at(place: str, home: str) -> dict[str, Any]:
    framework, by = PLACES[place]
    assert CHECKOV.exists(), "make test puts checkov into .venvs/checkov"
    environment = {"PATH": os.environ["PATH"], "HOME": home, "LANG": "C.UTF-8"}
    done = subprocess.run(
        [CHECKOV, by, place, "--framework", framework, "--compact", "--quiet", "--skip-download", "--output", "json"],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LOOK_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_finding_has_a_reason_and_every_reason_a_finding(tmp_path: Path) -> None:
    """One test, for each look takes a quarter of a minute."""
    found: set[tuple[str, str, str]] = set()
    for place in PLACES:
        said = looked_at(place, str(tmp_path))
        assert said["summary"]["resource_count"] > 50, "it has read the files"
        assert said["summary"]["parsing_errors"] == 0
        failed = said["results"]["failed_checks"]
        found |= {(each["check_id"], each["resource"], each["check_name"]) for each in failed}
    unexplained = {each for each in found if not any(_is_about(one, each[0], each[1]) for one in ACCEPTED)}
    assert not unexplained
    for one in ACCEPTED:
        assert any(_is_about(one, check, resource) for check, resource, _ in found), (
            f"{one['check']} is not said any more"
        )
        assert len(one["why"]) > 30


def _is_about(accepted: dict[str, Any], check: str, resource: str) -> bool:
    return bool(check == accepted["check"] and fnmatchcase(resource, accepted["on"]))
