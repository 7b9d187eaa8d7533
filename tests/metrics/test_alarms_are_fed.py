"""Every figure that an alarm or the dashboard reads is written by a door that runs on that cloud, under the very name,
unit and dimensions that are asked for; and of what the platforms count, under names and dimensions that they have."""

from __future__ import annotations

import json
import re
import time
from typing import Any, Iterator

import pytest

from infra.aws_alarms import resource
from infra.compile_alarms import TENCENT, tomllib, wanted
from sandbox.gateway.aws import stream_record
from sandbox.twins.wechat import WechatTwin
from sandbox.twins.wechat_pay_keys import make_keys
from tests.support.cell_pair import secret
from tests.support.doors import Place, load_door
from tests.support.paying_place import PayingPlace
from tests.support.tree import ROOT, aws_template
from tests.support.wechat_world import APP_SECRET, APPID
from twinshore import triggers, wiring
from twinshore.events import Event
from twinshore.exchange.exchanges import EXCHANGES, exchange_fields, exchange_key, exchange_of
from twinshore.metrics import COUNT, NAMESPACE, RECORDS
from twinshore.store import encoding
from twinshore.store.port import Create, Due, Item, Key

Lines = list[dict[str, Any]]
TABLE = wanted()
UNITS = {name: unit for record in RECORDS.values() for name, unit in record.units.items()}
JOBS = tomllib.loads((ROOT / "infra" / "schedules.toml").read_text(encoding="utf-8"))["jobs"]
MONTH = 30 * 86_400
OTHERS = {"eu": "sea", "cn": "eu"}

# Metrics that the platforms count, with the sets of dimensions under which they can be read; another set reads nothing.
# Amazon DynamoDB, Lambda, API Gateway (HTTP APIs) and SQS developer guides, "metrics and dimensions".
PLATFORM: dict[tuple[str, str], list[set[str]]] = {
    ("AWS/DynamoDB", "WriteThrottleEvents"): [{"TableName"}, {"TableName", "GlobalSecondaryIndexName"}],
    ("AWS/DynamoDB", "ReadThrottleEvents"): [{"TableName"}, {"TableName", "GlobalSecondaryIndexName"}],
    ("AWS/DynamoDB", "ThrottledRequests"): [{"TableName", "Operation"}],
    ("AWS/DynamoDB", "ConsumedWriteCapacityUnits"): [{"TableName"}, {"TableName", "GlobalSecondaryIndexName"}],
    ("AWS/DynamoDB", "ConsumedReadCapacityUnits"): [{"TableName"}, {"TableName", "GlobalSecondaryIndexName"}],
    ("AWS/Lambda", "Errors"): [set(), {"FunctionName"}, {"FunctionName", "Resource"}],
    ("AWS/Lambda", "IteratorAge"): [{"FunctionName"}, {"FunctionName", "Resource"}],
    ("AWS/ApiGateway", "5xx"): [{"ApiId"}, {"ApiId", "Stage"}],
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): [{"QueueName"}],
}


class Night:
    """A cell in which everything happens that is counted; each part through the door, or the job, that it is of."""

    def __init__(self, at: Place, wechat: WechatTwin) -> None:
        self.at = at
        self.paying = PayingPlace(at, make_keys())
        at.secrets["cell_key"] = secret(at.cell)
        at.outside["wechat"] = wechat.url
        cells = json.loads((at.folder / "cells.json").read_text())
        cells["cells"][OTHERS[at.cell]]["endpoint"] = "http://127.0.0.1:9"
        (at.folder / "cells.json").write_text(json.dumps(cells))
        at.rewire()

    def run(self) -> None:
        self.paying.start()
        try:
            self.a_payment_is_told_of()
            self.its_events_are_told()
            self.an_event_waits()
            self.a_payment_is_never_heard_of()
        finally:
            self.paying.stop()
        self.another_cell_is_silent()
        self.wechats_token_is_renewed()

    def a_payment_is_told_of(self) -> None:
        order_id = self.paying.order()
        self.paying.payer_pays(self.paying.begin(order_id).json()["client"])
        self.paying.wait_for(lambda: self.paying.status(order_id) == "paid" and not self.paying.twin.undelivered())

    def its_events_are_told(self) -> None:
        told = self.paying.told()
        assert told
        self.events(told)

    def an_event_waits(self) -> None:
        """Of a name that only newer code knows."""
        unknown = Event("e-unknown", "points.unheard_of", int(time.time()) - 60, {})
        if self.at.cloud == "aws":
            self.events([unknown])
        else:
            wiring.store().commit(Create(Key("order#none", "order"), {}), events=(unknown,))
            self.job("outbox-sweep", 0)

    def a_payment_is_never_heard_of(self) -> None:
        self.paying.begin(self.paying.order(key="another"), key="pay-another")
        self.paying.faults(status=503)
        self.job("payment-poll", MONTH)

    def another_cell_is_silent(self) -> None:
        now = int(time.time())
        golden = json.loads((ROOT / "tests/upgrade/items/points-exchanges.exchange.json").read_text(encoding="utf-8"))
        waits = exchange_of(Item(Key("-", "-"), 1, {**golden["fields"], "other": OTHERS[self.at.cell], "held_at": now}))
        fields = exchange_fields(waits, wiring.residency())
        wiring.store().commit(Create(exchange_key(waits.member_id, waits.id), fields, Due(EXCHANGES, now)))
        self.job("points-sweep", 2 * 3600)

    def wechats_token_is_renewed(self) -> None:
        self.at.secrets["wechat_app"] = json.dumps({"appid": APPID, "secret": APP_SECRET})
        self.at.rewire()
        wiring.bind_log("events", self.at.context("events"))
        assert wiring.wechat_lease().token()

    def events(self, told: list[Event]) -> None:
        if self.at.cloud == "aws":
            image = {"_events": f"[{','.join(encoding.encode_events(tuple(told)))}]"}
            event: dict[str, Any] = {"Records": [stream_record("1", "eu-central-1", image, told[0].at)]}
        else:
            event = {"events": [each.as_json() for each in told]}
        load_door("events").main_handler(event, self.at.context("events"))

    def job(self, name: str, later_seconds: int) -> None:
        """What the door `schedule` does, at a later time; on a cloud that has a timer for it."""
        assert self.at.cloud in JOBS[name]["clouds"]
        wiring.bind_log("schedule", self.at.context("schedule"))
        triggers.run_job(name, wiring.jobs(), int(time.time()) + later_seconds)


@pytest.fixture
def said(at: Place, capsys: pytest.CaptureFixture[str]) -> Lines:
    """All lines of a night: of cell eu as on AWS, of cell cn as on Tencent."""
    with WechatTwin() as wechat:
        Night(at, wechat).run()
    return [json.loads(text) for text in capsys.readouterr().out.splitlines() if text.startswith("{")]


def watched() -> Iterator[tuple[str, dict[str, Any], str]]:
    """(alarm, what it is about, figure)"""
    for name, level in TABLE["levels"].items():
        yield name, level, level["bad"]
        yield name, level, level.get("of", level["bad"])
    for name, alarm in TABLE["alarms"].items():
        if "figure" in alarm:
            yield name, alarm, alarm["figure"]


def metrics_of(lines: Lines) -> dict[tuple[str, frozenset[tuple[str, str]]], set[str]]:
    """(metric, its dimensions) -> units, as CloudWatch takes them out of the lines."""
    found: dict[tuple[str, frozenset[tuple[str, str]]], set[str]] = {}
    for line in lines:
        for directive in line.get("_aws", {}).get("CloudWatchMetrics", []):
            assert directive["Namespace"] == NAMESPACE
            for names in directive["Dimensions"]:
                place = frozenset((name, line[name]) for name in names)
                for metric in directive["Metrics"]:
                    if metric["Name"] in line:
                        found.setdefault((metric["Name"], place), set()).add(metric["Unit"])
    return found


def test_every_alarm_reads_what_a_door_of_that_cloud_has_written(at: Place, said: Lines) -> None:
    assert {line["cloud"] for line in said if "cloud" in line} == {at.cloud}
    for name, about, figure in watched():
        fed = [line for line in said if figure in line and about.get("where", {}).items() <= line.items()]
        assert fed, f"{name} waits for {figure}, which nobody says on {at.cloud}"
        if about.get("take", "share") == "share" and figure != about.get("of"):
            assert {line[figure] for line in fed} <= {0, 1} or "of" in about, f"{name} is a share of what is 0 or 1"
    assert any(line["level"] == "error" for line in said), "what the alarm `errors` counts"


@pytest.mark.parametrize("at", ["eu"], indirect=True)
def test_cloudwatch_finds_every_metric_of_ours_under_its_dimensions(at: Place, said: Lines) -> None:
    written = metrics_of(said)
    for name, body in aws_template()["Resources"].items():
        for metric in asked_for(body) if "CloudWatch" in body["Type"] else []:
            if metric["Namespace"] == NAMESPACE:
                values = {"Ref": at.cell}
                wants = frozenset(
                    (each["Name"], values["Ref"] if isinstance(each["Value"], dict) else each["Value"])
                    for each in metric["Dimensions"]
                )
                assert written.get((metric["MetricName"], wants)) == {UNITS[metric["MetricName"]]}, (name, metric)


@pytest.mark.parametrize("at", ["cn"], indirect=True)
def test_cls_finds_the_lines_that_every_alarm_asks_for(said: Lines) -> None:
    alarms = json.loads(TENCENT.read_text(encoding="utf-8"))
    for name, alarm in alarms["alarms"].items():
        for target in alarm["targets"]:
            search, _, select = target["query"].partition(" | ")
            if "SCF_" in search:
                continue  # the platform's own lines
            terms = [term.partition(":")[::2] for term in search.split(" AND ")]
            found = [line for line in said if all(matches(line, key, value) for key, value in terms)]
            assert found, f"{name}: {search}"
            for column in re.findall(r"(?:sum|max|avg|approx_percentile)\((\w+)", select):
                kinds = {"long": int, "double": (int, float)}[alarms["indexed"][column]]
                assert all(isinstance(line[column], kinds) for line in found), f"{name}: {column}"


def matches(line: dict[str, Any], key: str, value: str) -> bool:
    return isinstance(line.get(key), (int, float)) if value == ">=0" else line.get(key) == value


def test_what_is_taken_of_a_figure_suits_its_unit() -> None:
    for name, alarm in TABLE["alarms"].items():
        unit = UNITS.get(alarm.get("figure", ""))
        if unit is not None and alarm["take"] != "count":
            assert (unit == COUNT) == (alarm["take"] in ("sum", "share")), name
    for name, level in TABLE["levels"].items():
        assert UNITS[level["bad"]] == UNITS[level.get("of", level["bad"])] == COUNT, name


def asked_for(value: Any) -> Iterator[dict[str, Any]]:
    """Every metric that is named below `value`, the dashboard's rows included."""
    if isinstance(value, dict):
        if "MetricName" in value:
            yield {"Dimensions": [], **value}
        if "DashboardBody" in value:
            for widget in json.loads(value["DashboardBody"]["Fn::Sub"])["widgets"]:
                for row in widget["properties"].get("metrics", []):
                    yield from _graphed([each for each in row if isinstance(each, str)])
        for child in value.values():
            yield from asked_for(child)
    elif isinstance(value, list):
        for child in value:
            yield from asked_for(child)


def _graphed(row: list[str]) -> Iterator[dict[str, Any]]:
    """`[namespace, metric, name, value, ...]`; a search has none of them."""
    if len(row) > 1:
        pairs = zip(row[2::2], row[3::2])
        dimensions = [{"Name": name, "Value": {"Ref": value} if "${" in value else value} for name, value in pairs]
        yield {"Namespace": row[0], "MetricName": row[1], "Dimensions": dimensions}


def test_what_the_platform_counts_is_asked_for_under_dimensions_that_it_has() -> None:
    asked = 0
    for name, body in aws_template()["Resources"].items():
        for metric in asked_for(body) if "CloudWatch" in body["Type"] else []:
            if str(metric["Namespace"]).startswith("AWS/"):
                asked += 1
                dimensions = {each["Name"] for each in metric["Dimensions"]}
                assert dimensions in PLATFORM[metric["Namespace"], metric["MetricName"]], (name, metric)
    assert asked >= 8


def test_every_lambda_of_the_template_writes_where_the_filter_reads() -> None:
    template = aws_template()
    assert template["Globals"]["Function"]["LoggingConfig"]["LogGroup"] == {"Ref": "Logs"}
    filters = [body for body in template["Resources"].values() if body["Type"] == "AWS::Logs::MetricFilter"]
    assert [each["Properties"]["LogGroupName"] for each in filters] == [{"Ref": "Logs"}]
    made = filters[0]["Properties"]["MetricTransformations"][0]
    read = template["Resources"][resource("errors")]["Properties"]
    assert (made["MetricNamespace"], made["MetricName"]) == (read["Namespace"], read["MetricName"])
    functions = [body for body in template["Resources"].values() if body["Type"] == "AWS::Serverless::Function"]
    assert functions
    assert not any("LoggingConfig" in each["Properties"] for each in functions), "no filter would read its own group"
