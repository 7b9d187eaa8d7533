"""What is tried again goes on under the trace of the request that began it, in both cells; and what cannot be tried
again for an hour is counted, whatever the reason is."""

from __future__ import annotations

import json
from typing import Any, Iterator

import pytest

from tests.support.sea import Sea
from tests.support.shores import AFTER_COMMIT, BEFORE_SEND
from twinshore import log, tracing
from twinshore.exchange.exchanges import EXCHANGES, PENDING, SETTLED, exchange_key
from twinshore.exchange.links import ENDED, OPEN
from twinshore.exchange.sweeping import STUCK_SECONDS
from twinshore.store.port import Due, Replace

FIRST = "4bf92f3577b34da6a3ce929d0e0e4736"
JOBS = "5759e988bd862e3fe1be46a994272793"


@pytest.fixture(autouse=True)
def _bound_nowhere() -> Iterator[None]:
    yield
    log.bind()


def lines(capsys: pytest.CaptureFixture[str], message: str) -> list[dict[str, Any]]:
    found = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    return [line for line in found if line["message"] == message]


def stuck(capsys: pytest.CaptureFixture[str]) -> list[int]:
    return [line["holds_stuck"] for line in lines(capsys, "measured") if line["record"] == "held"]


def as_request() -> None:
    log.bind("r-1", "exchange", "cn", "tencent", FIRST)


def as_job() -> None:
    log.bind("r-2", "schedule", "cn", "tencent", JOBS)


@pytest.mark.parametrize("cut", [BEFORE_SEND, AFTER_COMMIT])
def test_an_exchange_is_asked_for_again_under_its_first_trace(
    cut: str, sea: Sea, capsys: pytest.CaptureFixture[str]
) -> None:
    here = sea.linked().here
    here.cut = cut
    as_request()
    assert here.exchange(here.quote(sea.link, 120)).state == PENDING
    for _ in range(3):  # put off, too, it keeps the trace
        as_job()
        sea.later(600)
        here.sweep()
    here.cut = ""
    sea.later(3_600)
    capsys.readouterr()
    here.sweep()
    assert [each.state for each in here.exchanges()] == [SETTLED]
    assert tracing.current() == JOBS, "what comes next in the job is about something else"
    written = capsys.readouterr().out
    asked, heard = (
        next(json.loads(text)["trace_id"] for text in written.splitlines() if f'"message": "{message}"' in text)
        for message in ("cell answered", "cell message answered")
    )
    assert asked == heard == FIRST


def test_a_link_that_was_not_heard_is_told_again_under_the_trace_of_what_changed_it(
    sea: Sea, capsys: pytest.CaptureFixture[str]
) -> None:
    for deed, state in (("link", OPEN), ("unlink", ENDED)):
        sea.there.cut = BEFORE_SEND
        as_request() if deed == "link" else log.bind("r-3", "points_links", "eu", "aws", FIRST[::-1])
        trace = tracing.current()
        if deed == "link":
            sea.link = sea.here.link_to(sea.there).id
        else:
            sea.there.unlink(sea.link)
        sea.there.cut = ""
        as_job()
        sea.later(300)
        capsys.readouterr()
        sea.there.sweep()
        assert sea.there.link(sea.link).state == state
        assert {line["trace_id"] for line in lines(capsys, "cell answered")} == {trace}


def test_an_exchange_of_older_code_has_no_trace_and_is_asked_for_in_the_jobs(
    sea: Sea, capsys: pytest.CaptureFixture[str]
) -> None:
    here = sea.linked().here
    here.cut = BEFORE_SEND
    as_request()
    started = here.exchange(here.quote(sea.link, 120))
    item = here.store.get(exchange_key(here.member, started.id))
    older = {name: value for name, value in item.fields.items() if name != "trace"}
    here.store.commit(Replace(item.key, older, item.version, item.due))
    here.cut = ""
    as_job()
    sea.later(3_600)
    capsys.readouterr()
    here.sweep()
    assert {line["trace_id"] for line in lines(capsys, "cell answered")} == {JOBS}


def test_an_exchange_that_is_an_hour_old_is_stuck_whether_the_other_cell_is_silent_or_it_cannot_be_asked(
    sea: Sea, capsys: pytest.CaptureFixture[str]
) -> None:
    here = sea.linked().here
    here.cut = BEFORE_SEND
    started = here.exchange(here.quote(sea.link, 120))
    sea.later(STUCK_SECONDS - 60)
    here.sweep()
    assert stuck(capsys) == [], "it has waited for less than an hour"
    sea.later(STUCK_SECONDS)
    here.sweep()
    assert stuck(capsys) == [1]
    item = here.store.get(exchange_key(here.member, started.id))
    whole = item.fields
    here.store.commit(Replace(item.key, {**whole, "quote": "no hash"}, item.version, Due(EXCHANGES, here.now())))
    assert here.sweep().failed == 1
    assert stuck(capsys) == [1]
    here.store.commit(Replace(item.key, whole, item.version + 1, Due(EXCHANGES, here.now())))
