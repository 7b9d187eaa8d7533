"""infra/alarms.toml: both clouds ring for the same, on figures that the code writes, with a page for each."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any, Iterator

import pytest

from infra.aws_alarms import resource, rings
from infra.compile_alarms import TEMPLATE, TENCENT, compile_template, compile_tencent, wanted
from tests.support.tree import ROOT, aws_template
from twinshore.metrics import RECORDS

TABLE = wanted()
FIGURES = {name for record in RECORDS.values() for name in record.units}
WORDS = {name for record in RECORDS.values() for name in (record.by, *record.shown) if name}
TENCENTS: dict[str, Any] = json.loads(TENCENT.read_text(encoding="utf-8"))
SPEEDS = [f"{level}-{speed}" for level in TABLE["levels"] for speed in TABLE["burn"]]


@cache
def aws_alarms() -> dict[str, dict[str, Any]]:
    kinds = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
    return {name: body for name, body in aws_template()["Resources"].items() if body["Type"] in kinds}


def metrics_of(value: Any) -> Iterator[dict[str, Any]]:
    """Every metric that is named below `value`, with its namespace and dimensions."""
    if isinstance(value, dict):
        if "MetricName" in value:
            yield value
        for child in value.values():
            yield from metrics_of(child)
    elif isinstance(value, list):
        for child in value:
            yield from metrics_of(child)


def test_both_clouds_alarms_are_as_the_table_says() -> None:
    template = TEMPLATE.read_text(encoding="utf-8")
    assert compile_template(template, TABLE) == template, "run python -m infra.compile_alarms"
    assert compile_tencent(TABLE) == TENCENT.read_text(encoding="utf-8"), "run python -m infra.compile_alarms"


def test_a_template_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="no section"):
        compile_template("Resources: {}\n", TABLE)


def test_every_level_rings_at_two_speeds_on_both_clouds() -> None:
    assert set(TABLE["levels"]) == {"availability", "latency", "paid", "delivery"}
    for name in SPEEDS:
        assert len(TENCENTS["alarms"][name]["targets"]) == 2
        rule = aws_alarms()[resource(name)]["Properties"]["AlarmRule"]["Fn::Sub"]
        parts = re.findall(r'ALARM\("\$\{(\w+)\}"\)', rule)
        assert len(parts) == 2
        assert rule.count(" AND ") == 1
        assert all(part in aws_alarms() and not rings(aws_alarms()[part]) for part in parts)


def test_both_clouds_burn_at_the_same_rate() -> None:
    for name in SPEEDS:
        level, _, speed = name.rpartition("-")
        limit = round((100 - TABLE["levels"][level]["objective_percent"]) * TABLE["burn"][speed]["rate"], 4)
        for window in ("long", "short"):
            assert aws_alarms()[resource(f"{name}-{window}")]["Properties"]["Threshold"] == limit
        assert f"$1.share > {limit} && $2.share > {limit}" in TENCENTS["alarms"][name]["condition"]


def test_every_figure_that_rings_is_one_that_the_code_writes() -> None:
    for level in TABLE["levels"].values():
        assert {level["bad"], level.get("of", level["bad"])} <= FIGURES
    for name, alarm in TABLE["alarms"].items():
        if "figure" in alarm:
            assert alarm["figure"] in FIGURES, name
            assert set(alarm.get("where", {})) <= WORDS, name


def test_every_metric_of_ours_in_the_template_has_a_dimension_that_its_lines_carry() -> None:
    by = {name: record.by for record in RECORDS.values() for name in record.units}
    found = [each for each in metrics_of(aws_template()["Resources"]) if each.get("Namespace") == "Twinshore"]
    assert len(found) > 20
    for each in found:
        names = [dimension["Name"] for dimension in each["Dimensions"]]
        assert names in (["cell"], ["cell", by[each["MetricName"]]]), each


def test_cls_indexes_every_figure_and_every_word_that_is_asked_for() -> None:
    indexed = set(TENCENTS["indexed"]) | set(
        re.findall(r'^    (\w+) += "(?:text|long|double)"', (ROOT / "infra/tencent/logs.tf").read_text(), re.M)
    )
    assert indexed >= FIGURES | WORDS
    for name, alarm in TENCENTS["alarms"].items():
        for target in alarm["targets"]:
            asked = set(re.findall(r"(\w+):", target["query"])) | set(
                re.findall(r"(?:sum|max|avg|approx_percentile)\((\w+)", target["query"])
            )
            assert asked <= indexed, name


def test_a_share_of_too_few_rings_nobody() -> None:
    for name, alarm in TENCENTS["alarms"].items():
        if "share" in alarm["condition"] or " as n" in alarm["targets"][0]["query"]:
            assert "$1.n > 20" in alarm["condition"], name
    for name, body in aws_alarms().items():
        for metric in body["Properties"].get("Metrics", []):
            assert "IF(every > 20" in metric.get("Expression", "IF(every > 20"), name


def test_what_wakes_somebody_reaches_the_one_on_call_and_names_a_chapter() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    chapters = {line.removeprefix("## ").strip().lower() for line in page.splitlines() if line.startswith("## ")}
    names = [*TABLE["alarms"], *SPEEDS]
    for name in names:
        assert f"`{name}`" in page, f"{name} has no run book"
        about = TABLE["alarms"].get(name) or TABLE["levels"][name.rpartition("-")[0]]
        assert about["page"] in chapters, name
    for name, body in aws_alarms().items():
        if rings(body):
            assert body["Properties"]["AlarmActions"] == [{"Ref": "OnCall"}], name
        assert body["Properties"]["AlarmDescription"].split("docs/operations.md, ")[1] in chapters, name
    ringing = {name for name, body in aws_alarms().items() if rings(body)}
    assert ringing == {resource(name) for name in names if name not in tencent_only()}


def tencent_only() -> set[str]:
    return {name for name, alarm in TABLE["alarms"].items() if "figure" not in alarm and "aws" not in alarm}


def test_the_dashboard_is_json_and_shows_every_alarm_that_rings() -> None:
    body = json.loads(aws_template()["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])
    shown = next(each for each in body["widgets"] if each["type"] == "alarm")["properties"]["alarms"]
    ringing = {name for name, each in aws_alarms().items() if rings(each)}
    assert {each.removeprefix("${").removesuffix(".Arn}") for each in shown} == ringing


def test_a_new_version_goes_back_when_one_of_these_rings() -> None:
    watched = {each["Ref"] for each in aws_template()["Globals"]["Function"]["DeploymentPreference"]["Alarms"]}
    assert watched == {"FunctionsFailedAlarm", "AvailabilityFastShortAlarm"}
    assert all(aws_alarms()[name]["Type"] == "AWS::CloudWatch::Alarm" for name in watched)
