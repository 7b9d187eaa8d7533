"""The two clouds' files, side by side. What stands on one only is in infra/differences.toml with its reason, or is a
mistake; and a reason that nothing needs any more is one too."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.support.cloud_facts import aws_facts, tencent_facts
from tests.support.tree import ROOT, doors

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib

ALLOWED: list[dict[str, Any]] = tomllib.loads((ROOT / "infra" / "differences.toml").read_text(encoding="utf-8"))[
    "difference"
]
CLOUDS = {"aws": aws_facts, "tencent": tencent_facts}
OTHER = {"aws": tencent_facts, "tencent": aws_facts}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_what_stands_on_one_cloud_only_has_a_reason(cloud: str) -> None:
    alone = CLOUDS[cloud]() - OTHER[cloud]()
    patterns = [each["fact"] for each in ALLOWED if each["on"] == cloud]
    unexplained = {fact for fact in alone if not any(fnmatchcase(fact, pattern) for pattern in patterns)}
    assert not unexplained, f"only on {cloud}, without a line in infra/differences.toml: {sorted(unexplained)}"


@pytest.mark.parametrize("allowed", ALLOWED, ids=[f"{each['on']}: {each['fact']}" for each in ALLOWED])
def test_a_reason_is_of_a_difference_that_is_there(allowed: dict[str, Any]) -> None:
    alone = CLOUDS[allowed["on"]]() - OTHER[allowed["on"]]()
    assert any(fnmatchcase(fact, allowed["fact"]) for fact in alone), "both clouds agree now: take the line out"
    assert set(allowed) == {"fact", "on", "why"}
    assert len(allowed["why"]) > 30


KINDS = ("door", "route", "timer", "limit", "may", "variable", "alarm", "retries", "cors", "runtime", "layer", "log")


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_facts_are_of_every_kind_and_of_every_door(cloud: str) -> None:
    facts = CLOUDS[cloud]()
    assert {fact.split()[0] for fact in facts} >= set(KINDS)
    assert {fact.split()[1] for fact in facts if fact.startswith("door ")} == set(doors())
