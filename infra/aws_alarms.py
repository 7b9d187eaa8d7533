"""Alarms as CloudWatch takes them, in the form of a template's section, and the dashboard that shows them."""

from __future__ import annotations

import json
from typing import Any

from infra.aws_dashboard import dashboard
from infra.tencent_alarms import LEAST_COUNT, limit_of
from twinshore.metrics import NAMESPACE

STATISTICS = {"sum": "Sum", "count": "SampleCount", "maximum": "Maximum", "share": "Average", "p99": "p99"}
ON_CALL = [{"Ref": "OnCall"}]
CELL = {"Name": "cell", "Value": {"Ref": "Cell"}}
MARK = "  # Of two windows, and the dashboard: what a stand-in without metric math leaves out"


def section(table: dict[str, Any]) -> str:
    """YAML of the resources, two spaces in: the plain alarms, then those of metric math with the dashboard."""
    plain: dict[str, dict[str, Any]] = {}
    math: dict[str, dict[str, Any]] = {}
    for name, one in table["alarms"].items():
        if "figure" not in one and "aws" not in one:
            continue
        if "filter" in one.get("aws", {}):
            plain[f"{resource(name)[:-5]}Filter"] = _filter(one["aws"])
        (math if one["take"] == "share" else plain)[resource(name)] = _plain(one)
    for level, about in table["levels"].items():
        for speed, burn in table["burn"].items():
            math |= _burning(f"{level}-{speed}", about, burn)
    shown = [name for name in [*plain, *math] if rings({**plain, **math}[name])]
    math["Dashboard"] = dashboard(shown)
    return "\n".join([*map(_yaml, plain.items()), MARK, *map(_yaml, math.items())]) + "\n"


def resource(name: str) -> str:
    """`given-up` -> `GivenUpAlarm`"""
    return "".join(part.capitalize() for part in name.split("-")) + "Alarm"


def rings(body: dict[str, Any]) -> bool:
    """Rather than being a part of one that does."""
    return "AlarmActions" in body["Properties"]


def _plain(one: dict[str, Any]) -> dict[str, Any]:
    below = "below" in one
    if one["take"] == "share":
        figure: dict[str, Any] = {"Metrics": _share(one["figure"], None, one["minutes"])}
    else:
        statistic = STATISTICS[one["take"]]
        named = {"ExtendedStatistic" if statistic == "p99" else "Statistic": statistic, "Period": one["minutes"] * 60}
        figure = {**_figure(one), **named}
    return _alarm({
        "AlarmDescription": _description(one), "AlarmActions": ON_CALL, **figure,
        "EvaluationPeriods": one["rounds"], "Threshold": one["below"] if below else one["above"],
        "ComparisonOperator": "LessThanThreshold" if below else "GreaterThanThreshold",
        "TreatMissingData": "breaching" if below else "notBreaching",
    })  # fmt: skip


def _figure(one: dict[str, Any]) -> dict[str, Any]:
    aws = one.get("aws", {})
    if "filter" in aws:
        return {"Namespace": {"Fn::Sub": _FILTERED}, "MetricName": aws["figure"]}
    if aws:
        dimensions = [{"Name": name, "Value": _value(of)} for name, of in aws.get("dimension", {}).items()]
        about = {"Namespace": aws["namespace"], "MetricName": aws["figure"]}
        return {**about, "Dimensions": dimensions} if dimensions else about
    where = [{"Name": name, "Value": value} for name, value in one.get("where", {}).items()]
    return {"Namespace": NAMESPACE, "MetricName": one["figure"], "Dimensions": [CELL, *where]}


_FILTERED = f"{NAMESPACE}/${{Stage}}/${{Cell}}"
"""A filter's metric has no dimension of its own making: the place is in the namespace."""


def _filter(aws: dict[str, Any]) -> dict[str, Any]:
    made = {"MetricNamespace": {"Fn::Sub": _FILTERED}, "MetricName": aws["figure"], "MetricValue": "1"}
    return {
        "Type": "AWS::Logs::MetricFilter",
        "Properties": {
            "LogGroupName": {"Ref": "Logs"},
            "FilterPattern": aws["filter"],
            "MetricTransformations": [made],
        },
    }


def _value(of: str) -> dict[str, str] | str:
    """Of a resource of the template; `=name` is the name itself."""
    if of.startswith("="):
        return of[1:]
    return {"Fn::GetAtt": of} if "." in of else {"Ref": of}


def _burning(name: str, about: dict[str, Any], burn: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Two windows, each an alarm that tells nobody, and the one that rings while both are in alarm."""
    parts = {}
    for window in ("long", "short"):
        minutes = burn[f"{window}_minutes"]
        limit = limit_of(about, burn)
        parts[resource(f"{name}-{window}")] = _alarm({
            "AlarmDescription": f"{minutes} minutes, {limit} %: {_description(about)}",
            "Metrics": _share(about["bad"], about.get("of"), minutes), "EvaluationPeriods": 1, "Threshold": limit,
            "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching",
        })  # fmt: skip
    rule = " AND ".join(f'ALARM("${{{part}}}")' for part in parts)
    both = {"AlarmName": {"Fn::Sub": f"twinshore-${{Stage}}-${{Cell}}-{name}"}, "AlarmDescription": _description(about),
            "AlarmActions": ON_CALL, "AlarmRule": {"Fn::Sub": rule}}  # fmt: skip
    return {**parts, resource(name): {"Type": "AWS::CloudWatch::CompositeAlarm", "Properties": both}}


def _share(bad: str, of: str | None, minutes: int) -> list[dict[str, Any]]:
    def asked(name: str, figure: str, statistic: str) -> dict[str, Any]:
        metric = {"Namespace": NAMESPACE, "MetricName": figure, "Dimensions": [CELL]}
        return {
            "Id": name,
            "ReturnData": False,
            "MetricStat": {"Stat": statistic, "Period": minutes * 60, "Metric": metric},
        }

    share = {"Id": "share", "Expression": f"IF(every > {LEAST_COUNT}, 100 * bad / every, 0)", "Label": "per cent"}
    return [share, asked("bad", bad, "Sum"), asked("every", of or bad, "Sum" if of else "SampleCount")]


def _description(one: dict[str, Any]) -> str:
    says: str = one["says"]
    return f"{says[0].upper()}{says[1:]}; docs/operations.md, {one['page']}"


def _alarm(properties: dict[str, Any]) -> dict[str, Any]:
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}


def _yaml(item: tuple[str, dict[str, Any]]) -> str:
    """One property a line, its value as JSON, which is YAML too."""
    name, body = item
    lines = [f"  {name}:", f"    Type: {body['Type']}", "    Properties:"]
    lines += [f"      {key}: {_shown(value)}" for key, value in body["Properties"].items()]
    return "\n".join(lines) + "\n"


def _shown(value: Any) -> str:
    if isinstance(value, dict) and set(value) == {"Fn::Sub"} and "\n" in value["Fn::Sub"]:
        return "!Sub |\n" + "\n".join(f"        {line}" for line in value["Fn::Sub"].splitlines())
    return json.dumps(value, ensure_ascii=False)
