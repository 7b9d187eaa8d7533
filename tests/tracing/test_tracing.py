"""One trace id from the first request to whatever it brings about, in both clouds' logs; nothing that a caller sends
can do more than name it."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any, Iterator

import pytest

from sandbox.gateway.aws import stream_record
from tests.support.cell_pair import Pair
from tests.support.doors import Place
from tests.support.shores import CellServer
from twinshore import intercell_wiring, log, tracing
from twinshore.events import Event, event_from_json
from twinshore.outbox import deliver, deliver_from_outbox, sweep
from twinshore.store import encoding
from twinshore.store.dynamodb import events_of_stream_record
from twinshore.store.port import Create, Key
from twinshore.store.sqlite import SqliteStore

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"
XRAY = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
NOW = 1_790_000_000


@pytest.fixture(autouse=True)
def _bound_nowhere() -> Iterator[None]:
    log.bind()
    yield
    log.bind()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(text) for text in capsys.readouterr().out.splitlines()]


def answered(at: Place, capsys: pytest.CaptureFixture[str], **headers: str) -> str:
    capsys.readouterr()
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    assert at.call("bootstrap", "GET", "/v1/health", headers=sent).status == 200
    return next(str(line["trace_id"]) for line in lines(capsys) if line["message"] == "answered")


def test_a_request_goes_on_with_the_callers_trace(at: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert answered(at, capsys, traceparent=TRACEPARENT) == TRACE
    assert answered(at, capsys, traceparent=TRACEPARENT, x_amzn_trace_id=XRAY) == TRACE


def test_aws_numbers_a_call_in_the_same_digits(at: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert answered(at, capsys, x_amzn_trace_id=XRAY) == "5759e988bd862e3fe1be46a994272793"


HOSTILE = {
    "nothing": "",
    "all zero": f"00-{'0' * 32}-{PARENT}-01",
    "a parent of zeros": f"00-{TRACE}-{'0' * 16}-01",
    "a forbidden version": f"ff-{TRACE}-{PARENT}-01",
    "capital letters": TRACEPARENT.upper(),
    "one digit short": f"00-{TRACE[1:]}-{PARENT}-01",
    "no digits": f"00-{'g' * 32}-{PARENT}-01",
    "version 0 with more behind": f"{TRACEPARENT}-more",
    "a later version with more, not set off": f"01-{TRACE}-{PARENT}-01more",
    "blanks for digits": f"00-{TRACE[:30]}  -{PARENT}-01",
    "underscores": f"00-{TRACE[:15]}_{TRACE[16:]}-{PARENT}-01",
    "a quote": f'00-{TRACE[:31]}"-{PARENT}-01',
    "a second line": f"00-{TRACE[:30]}\n\n-{PARENT}-01",
    "digits of another script": f"00-{'٣' * 32}-{PARENT}-01",
    "a parent that is none": f"00-{TRACE}-{'z' * 16}-01",
    "flags that are none": f"00-{TRACE}-{PARENT}-zz",
    "very long": "0" * 100_000,
    "two of them": f"{TRACEPARENT}, {TRACEPARENT}",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_is_no_trace_is_as_if_nothing_had_come(kind: str, at: Place, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = (answered(at, capsys, traceparent=HOSTILE[kind]) for _ in range(2))
    assert re.fullmatch(r"[0-9a-f]{32}", first)
    assert TRACE not in (first, second)
    assert first != second


NO_NUMBERS = ["Root=1-5759e988-bd862e3fe1be46a99427279", "Root=1-5759e988bd862e3fe1be46a9942727930", "Self=1",
              f"Root=1-{'0' * 8}-{'0' * 24}", None, 7]  # fmt: skip


@pytest.mark.parametrize("sent", NO_NUMBERS)
def test_a_number_of_aws_that_is_none_is_none(sent: object) -> None:
    assert tracing.of_xray(sent) == ""


def test_a_later_version_may_go_on(at: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert answered(at, capsys, traceparent=f"01-{TRACE}-{PARENT}-01-what-comes") == TRACE


def test_a_function_that_no_request_called_takes_the_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", XRAY)
    assert tracing.begin({}) == "5759e988bd862e3fe1be46a994272793"
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-;")
    assert tracing.begin({}) != tracing.begin({})


def test_what_is_begun_here_begins_with_the_time_as_aws_wants_it() -> None:
    begun = tracing.new()
    assert tracing.of_xray(f"Root=1-{begun[:8]}-{begun[8:]}") == begun
    assert tracing.of_traceparent(f"00-{begun}-{PARENT}-00") == begun


def test_our_header_is_one_that_we_would_take_and_there_is_none_outside_of_a_trace() -> None:
    assert tracing.headers() == {}
    log.bind(trace_id=TRACE)
    sent = [tracing.headers()["traceparent"] for _ in range(2)]
    assert sent[0] != sent[1]
    assert [tracing.of_traceparent(each) for each in sent] == [TRACE, TRACE]


def happened() -> Event:
    return Event("points.earned:1", "points.earned", NOW, {"member_id": "m_anna"})


def heard(event: Event) -> None:
    log.line("info", "heard", event_name=event.name)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    made = SqliteStore(tmp_path / "store.db")
    yield made
    made.close()


def test_an_event_is_told_under_the_trace_of_its_commit(store: SqliteStore, capsys: pytest.CaptureFixture[str]) -> None:
    log.bind("r-1", "payments", "cn", "tencent", TRACE)
    store.commit(Create(Key("order#1", "order"), {}), events=(happened(),))
    woken = json.loads(json.dumps({"events": [happened().as_json()]}))
    log.bind("r-2", "events", "cn", "tencent", tracing.new())
    own = tracing.current()
    told = [event_from_json(each) for each in woken["events"]]
    assert deliver_from_outbox(store, told, {"points.earned": (heard,)}) == (1, 0)
    traces = {line["message"]: line["trace_id"] for line in lines(capsys)}
    assert traces["heard"] == TRACE
    assert tracing.current() == own, "what comes next is about something else"


def test_the_sweep_finds_the_trace_in_the_outbox(store: SqliteStore, capsys: pytest.CaptureFixture[str]) -> None:
    log.bind("r-1", "payments", "cn", "tencent", TRACE)
    store.commit(Create(Key("order#1", "order"), {}), events=(happened(),))
    log.bind("r-2", "schedule", "cn", "tencent", tracing.new())
    assert sweep(store, {"points.earned": (heard,)}, NOW + 60) == (1, 0)
    assert next(line["trace_id"] for line in lines(capsys) if line["message"] == "heard") == TRACE


def test_the_stream_of_the_table_carries_it_too() -> None:
    log.bind("r-1", "payments", "eu", "aws", TRACE)
    image = {"_events": f"[{','.join(encoding.encode_events((happened(),)))}]"}
    (event,) = events_of_stream_record(stream_record("1", "eu-central-1", image, NOW))
    assert (event.trace, event._replace(trace="")) == (TRACE, happened())


def test_an_event_of_older_code_has_none_and_a_forged_one_is_not_followed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    older = event_from_json({"id": "1", "name": "n", "at": NOW, "data": {}})
    forged = event_from_json({"id": "1", "name": "n", "at": NOW, "data": {}, "trace": '", "level": "x'})
    log.bind("r-2", "events", "cn", "tencent", TRACE)
    for event in (older, forged):
        assert deliver(event, {"n": (heard,)})
        assert lines(capsys)[0]["trace_id"] == TRACE


def test_two_cells_write_one_trace(at: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Over real HTTP: the asker's line and the hearer's have the same id; the signature does not cover the header."""
    pair, server = Pair(at), CellServer()
    server.hear = lambda path, headers, body: pair.call("POST", path, headers, body)
    way_out = intercell_wiring.way_out()

    def send(url: str, headers: Any, body: bytes) -> Any:
        return way_out(server.url + url[url.index("/cells/") :], headers, body)

    log.bind("r-1", "exchange", "sea", "aws", TRACE)
    try:
        pair.ask(int(time.time()), send=send)
    finally:
        server.stop()
    written = lines(capsys)
    traces = {line["message"]: line.get("trace_id") for line in written}
    assert traces["cell answered"] == traces["cell message answered"] == traces["answered"] == TRACE
    assert {line["cell"] for line in written} == {"sea", at.cell}


def test_outside_parties_are_told_nothing() -> None:
    """The header is added where our own cells are asked, and nowhere else."""
    from tests.support.tree import python_files

    asking = [path.name for path in python_files("layers/core/twinshore") if "tracing.headers()" in path.read_text()]
    assert asking == ["intercell_wiring.py"]
