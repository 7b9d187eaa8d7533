"""The dashboard of a cell on AWS: what the levels are about, by door, party and provider, and every alarm."""

from __future__ import annotations

import json
from typing import Any

from twinshore.metrics import NAMESPACE

_CELL = "cell", "${Cell}"
_UNITS = "ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits", "WriteThrottleEvents", "ReadThrottleEvents"
_BY_ROUTE = (
    "SOURCE '${Logs}' | filter message = 'answered' "
    "| stats count(*), pct(duration_ms, 99) by route, floor(status / 100)"
)


def dashboard(alarms: list[str]) -> dict[str, Any]:
    """alarms: resources that ring."""
    own = [
        _graph("Answers", [[NAMESPACE, "failed", *_CELL, {"stat": "SampleCount", "label": "answers"}],
                           [NAMESPACE, "failed", *_CELL, {"stat": "Sum", "label": "5xx"}],
                           [NAMESPACE, "slow", *_CELL, {"stat": "Sum", "label": "over a second"}]]),
        _graph("Duration p99 by door, ms", [[{"expression": _search("duration_ms", "door", "p99"), "id": "doors"}]]),
        _graph("Provider's time to paid, s", [[NAMESPACE, "paid_after_seconds", *_CELL, {"stat": stat}]
                                              for stat in ("p50", "p99")]),
        _graph("Committed to told, s", [[NAMESPACE, "told_after_seconds", *_CELL, {"stat": "Maximum"}],
                                        [NAMESPACE, "outbox_age_seconds", *_CELL, {"stat": "Maximum"}]]),
        _graph("Calls that came to nothing clear, by party",
               [[{"expression": _search("call_unknown", "party", "Sum"), "id": "parties"}]]),
        _graph("Calls p99 by party, ms", [[{"expression": _search("call_ms", "party", "p99"), "id": "calls"}]]),
        _graph("Given up, stuck, tokens", [[NAMESPACE, name, *_CELL, {"stat": "Sum"}]
                                           for name in ("given_up", "holds_stuck", "token_refreshed", "job_failed")]),
        _graph("Table units", [["AWS/DynamoDB", name, "TableName", "${Table}", {"stat": "Sum"}]
                               for name in _UNITS]),
    ]  # fmt: skip
    for number, widget in enumerate(own):
        widget |= {"x": number % 2 * 12, "y": number // 2 * 6, "width": 12, "height": 6}
    below = (len(own) + 1) // 2 * 6
    routes = {
        "type": "log", "x": 0, "y": below, "width": 24, "height": 6,
        "properties": {"title": "Answers by route and class", "region": "${AWS::Region}", "view": "table",
                       "query": _BY_ROUTE},
    }  # fmt: skip
    ringing = {"title": "Alarms", "alarms": [f"${{{name}.Arn}}" for name in alarms]}
    last = {"type": "alarm", "x": 0, "y": below + 6, "width": 24, "height": 4, "properties": ringing}
    rows = ",\n  ".join(json.dumps(widget, ensure_ascii=False) for widget in [*own, routes, last])
    return {
        "Type": "AWS::CloudWatch::Dashboard",
        "Properties": {
            "DashboardName": {"Fn::Sub": "twinshore-${Stage}-${Cell}"},
            "DashboardBody": {"Fn::Sub": f'{{"widgets": [\n  {rows}\n]}}'},
        },
    }


def _graph(title: str, figures: list[list[Any]]) -> dict[str, Any]:
    return {
        "type": "metric",
        "properties": {"title": title, "region": "${AWS::Region}", "period": 60, "metrics": figures},
    }


def _search(figure: str, by: str, statistic: str) -> str:
    return f"SEARCH('{{{NAMESPACE},cell,{by}}} MetricName=\"{figure}\" cell=\"${{Cell}}\"', '{statistic}', 60)"
