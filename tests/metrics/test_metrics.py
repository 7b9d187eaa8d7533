"""What is counted: the same names on both clouds, in lines that cost little, tell nobody's secrets and never raise."""

from __future__ import annotations

import ast
import json
import sys
from typing import Any, Iterator

import pytest

from tests.support.doors import Place
from tests.support.tree import parsed, python_files
from twinshore import log, metrics
from twinshore.measured import measured, outcome_of, timed
from twinshore.metrics import RECORDS

UNITS = {"Milliseconds", "Seconds", "Count"}
FIGURES = sorted((record, name) for record, about in RECORDS.items() for name in about.units)


@pytest.fixture(autouse=True)
def _bound_nowhere() -> Iterator[None]:
    yield
    log.bind()


def said_by(capsys: pytest.CaptureFixture[str], cloud: str, record: str, **words: str) -> dict[str, Any]:
    log.bind("r-1", "payments", "eu" if cloud == "aws" else "cn", cloud)
    capsys.readouterr()
    metrics.put(record, dict.fromkeys(RECORDS[record].units, 1), **words)
    line: dict[str, Any] = json.loads(capsys.readouterr().out)
    return line


def words_of(record: str) -> dict[str, str]:
    about = RECORDS[record]
    return {name: "word" for name in (about.by, *about.shown) if name and name != "door"}


@pytest.mark.parametrize("record", RECORDS)
def test_a_line_on_aws_is_in_the_embedded_metric_format(record: str, capsys: pytest.CaptureFixture[str]) -> None:
    line = said_by(capsys, "aws", record, **words_of(record))
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Twinshore"
    assert isinstance(line["_aws"]["Timestamp"], int)
    for dimensions in directive["Dimensions"]:
        assert dimensions[0] == "cell"
        assert all(isinstance(line[name], str) and line[name] for name in dimensions)
    assert {each["Name"] for each in directive["Metrics"]} == set(RECORDS[record].units)
    assert all(isinstance(line[each["Name"]], int) and each["Unit"] in UNITS for each in directive["Metrics"])


@pytest.mark.parametrize("record", RECORDS)
def test_both_clouds_say_the_same_under_the_same_names(record: str, capsys: pytest.CaptureFixture[str]) -> None:
    aws = said_by(capsys, "aws", record, **words_of(record))
    tencent = said_by(capsys, "tencent", record, **words_of(record))
    assert set(aws) - {"_aws"} == set(tencent)
    assert not any(isinstance(value, (dict, list)) for value in tencent.values()), "CLS indexes the first level only"


def test_no_two_records_share_a_figures_name() -> None:
    names = [name for _, name in FIGURES]
    assert len(names) == len(set(names))


def test_every_record_is_written_somewhere_and_no_other_is() -> None:
    written = {"answered"}
    for path in python_files("layers/core/twinshore"):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, (ast.Attribute, ast.Name)):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
                first = node.args[0] if node.args else None
                if called == "put" and isinstance(first, ast.Constant) and first.value in RECORDS:
                    written.add(str(first.value))
    assert written == set(RECORDS)


@pytest.mark.parametrize("cloud", ["aws", "tencent"])
def test_an_answer_and_its_figures_are_one_line(cloud: str, capsys: pytest.CaptureFixture[str]) -> None:
    log.bind("r-1", "points", "eu", cloud)
    metrics.answered("GET", "/v1/points", 200, 3.5, cloud)
    capsys.readouterr()
    metrics.answered("POST", "/v1/points/redemptions", 503, 1000.1, cloud)
    (text,) = capsys.readouterr().out.splitlines()
    line = json.loads(text)
    assert (line["route"], line["status"], line["failed"], line["slow"]) == ("/v1/points/redemptions", 503, 1, 1)
    assert ("_aws" in line) is (cloud == "aws")
    if cloud == "aws":
        assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["cell"], ["cell", "door"]]


@pytest.mark.parametrize(("status", "took", "failed", "slow"), [(200, 1000, 0, 0), (499, 1001, 0, 1), (500, 1, 1, 0)])
def test_what_counts_as_failed_and_as_slow(
    status: int, took: float, failed: int, slow: int, capsys: pytest.CaptureFixture[str]
) -> None:
    log.bind("r-1", "points", "cn", "tencent")
    metrics.answered("GET", "/v1/points", 200, 1, "tencent")
    capsys.readouterr()
    metrics.answered("GET", "/v1/points", status, took, "tencent")
    line = json.loads(capsys.readouterr().out)
    assert (line["failed"], line["slow"]) == (failed, slow)


@pytest.mark.parametrize("status", [200, 503])
def test_a_probe_leaves_a_line_and_counts_in_no_level(
    status: int, at: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """Route 53 asks several times a minute: with it, a cell that turns every member away would look well."""
    if status == 503:
        metrics.answered("GET", "/v1/health", status, 2000, "aws")
    else:
        assert at.call("bootstrap", "GET", "/v1/health").status == status
    (line,) = [each for each in map(json.loads, capsys.readouterr().out.splitlines()) if each["message"] == "answered"]
    assert (line["route"], line["status"]) == ("/v1/health", status)
    assert not set(line) & {"_aws", *RECORDS["answered"].units}


IDS_AND_PERSONS = ["m_8f2c1", "o-0001", "13800000000", "li.lei@mail.example.com", "李雷", "a" * 33, "", 'a"b', "a\nb"]


@pytest.mark.parametrize("value", IDS_AND_PERSONS)
def test_a_dimension_is_a_word_and_never_an_id_or_a_person(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    line = said_by(capsys, "aws", "called", party=value, operation=value)
    assert (line["party"], line["operation"]) == ("other", "other")


def test_a_dimension_has_no_more_than_forty_values(capsys: pytest.CaptureFixture[str]) -> None:
    words = [one + other for one in "abcdefghij" for other in "klmnopqrst"]
    seen = {said_by(capsys, "tencent", "given up", kind=word)["kind"] for word in words}
    assert len(seen) <= metrics.WORDS_LIMIT + 1
    assert "other" in seen
    metrics._seen.clear()


class Stubborn:
    def __add__(self, other: object) -> object:
        raise RuntimeError("no number")


@pytest.mark.parametrize("figure", [float("nan"), float("inf"), Stubborn(), None, "12"])
def test_a_figure_that_is_none_leaves_a_line_and_never_raises(figure: Any, capsys: pytest.CaptureFixture[str]) -> None:
    metrics.put("held", {"holds_stuck": figure}, queue="points-hold")
    assert json.loads(capsys.readouterr().out)["level"] == "error"


def test_a_closed_stdout_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone:
        def write(self, text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Gone())
    metrics.put("held", {"holds_stuck": 1}, queue="points-hold")
    metrics.answered("GET", "/v1/points", 200, 1, "tencent")


def test_late_is_said_by_channel(capsys: pytest.CaptureFixture[str]) -> None:
    log.bind("r-1", "events", "cn", "tencent")
    metrics.told("events", [0, 10, 11])
    metrics.told("webhooks", [11, 90, 91])
    metrics.told("events", [])
    events, webhooks = map(json.loads, capsys.readouterr().out.splitlines())
    assert (events["told"], events["told_late"], events["told_after_seconds"]) == (3, 1, 11)
    assert (webhooks["told"], webhooks["told_late"], webhooks["told_after_seconds"]) == (3, 1, 91)


class Party:
    name = "party"

    def refund(self, outcome: BaseException | None) -> str:
        if outcome is not None:
            raise outcome
        return "refunded"

    def read_webhook(self) -> str:
        return "news"


def outcomes() -> dict[str, BaseException | None]:
    from twinshore.errors import Unavailable
    from twinshore.intercell.port import NotHeard, Rejected
    from twinshore.payments.port import OutcomeUnknown, ProviderRefused
    from twinshore.providers.wechat.client import NoClearAnswer

    return {
        "ok": None,
        "refused": ProviderRefused("no"),
        "refused by a cell": Rejected("no"),
        "unknown": OutcomeUnknown("?"),
        "unknown to a cell": NotHeard("no answer"),
        "unknown of WeChat": NoClearAnswer("?"),
        "unreachable": Unavailable("away"),
    }


@pytest.mark.parametrize("kind", outcomes())
def test_a_call_is_counted_by_party_operation_and_what_came_of_it(
    kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    log.bind("r-1", "payments", "eu", "aws")
    party, raised = measured(Party(), "stripe", ("refund",)), outcomes()[kind]
    if raised is None:
        assert party.refund(raised) == "refunded"
    else:
        with pytest.raises(type(raised)):
            party.refund(raised)
    line = json.loads(capsys.readouterr().out)
    outcome = kind.split()[0]
    assert (line["party"], line["operation"], line["outcome"]) == ("stripe", "refund", outcome)
    assert line["call_unknown"] == int(outcome in ("unknown", "unreachable"))
    assert line["call_refused"] == int(outcome == "refused")
    assert line["call_ms"] >= 0


def test_what_is_no_call_of_ours_passes_uncounted(capsys: pytest.CaptureFixture[str]) -> None:
    party = measured(Party(), "stripe", ("refund",))
    assert (party.name, party.read_webhook(), party.read_webhook()) == ("party", "news", "news")
    assert capsys.readouterr().out == ""
    assert not hasattr(party, "fly")


def test_an_answer_may_say_by_itself_what_it_came_to(capsys: pytest.CaptureFixture[str]) -> None:
    timed(lambda: "later", "mail", "send", said=lambda answer: "unknown" if answer == "later" else "ok")()
    assert json.loads(capsys.readouterr().out)["outcome"] == "unknown"
    assert outcome_of(ValueError()) == "refused"
