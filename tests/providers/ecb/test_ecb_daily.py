"""The ECB's document: all of it or nothing."""

from __future__ import annotations

import time
from typing import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.twins.ecb import EcbTwin, bomb, daily_xml
from sandbox.twins.server import TwinReply, TwinRequest
from tests.support.rates import FRIDAY, packaged
from twinshore.fx.port import RateSourceFailed
from twinshore.providers.ecb.client import PATH, daily_rates
from twinshore.providers.ecb.daily import parse

NOW = 1_793_383_200
WHOLE = daily_xml(FRIDAY, packaged().rates)


@pytest.fixture(scope="module")
def twin() -> Iterator[EcbTwin]:
    with EcbTwin() as started:
        yield started


def refused(document: str | bytes) -> str:
    with pytest.raises(RateSourceFailed) as failure:
        parse(document.encode() if isinstance(document, str) else document, NOW)
    assert failure.value.reason == "shape"
    return str(failure.value)


def test_a_whole_document_is_read() -> None:
    assert parse(WHOLE.encode(), NOW) == packaged()._replace(fetched_at=NOW)


def test_a_byte_order_mark_and_another_prefix_change_nothing() -> None:
    marked = b"\xef\xbb\xbf" + WHOLE.replace("gesmes:", "g:").replace("xmlns:gesmes", "xmlns:g").encode()
    assert parse(marked, NOW).rates == packaged().rates


@given(st.integers(0, len(WHOLE) - 2))
def test_a_document_that_was_cut_anywhere_is_refused(length: int) -> None:
    refused(WHOLE[:length])


WRONG = {
    "nothing": "",
    "html": "<html><body>Under maintenance</body></html>",
    "json": '{"USD": 1.1}',
    "two documents": WHOLE + WHOLE.partition("\n")[2],
    "another namespace": WHOLE.replace("2002-08-01/eurofxref", "2003-08-01/eurofxref"),
    "another root": WHOLE.replace("gesmes:Envelope", "gesmes:Letter"),
    "no date": WHOLE.replace(f"time='{FRIDAY}'", ""),
    "no such date": WHOLE.replace(FRIDAY, "2026-02-30"),
    "another date form": WHOLE.replace(FRIDAY, "20261030"),
    "two days": WHOLE.replace("\t</Cube>\n</gesmes", f"<Cube time='{FRIDAY}'></Cube>\t</Cube>\n</gesmes"),
    "no rate": WHOLE.replace("rate='1.1172'", ""),
    "empty rate": WHOLE.replace("'1.1172'", "''"),
    "zero": WHOLE.replace("'1.1172'", "'0.0000'"),
    "negative": WHOLE.replace("'1.1172'", "'-1.1172'"),
    "comma": WHOLE.replace("'1.1172'", "'1,1172'"),
    "exponent": WHOLE.replace("'1.1172'", "'1e0'"),
    "nan": WHOLE.replace("'1.1172'", "'NaN'"),
    "endless": WHOLE.replace("'1.1172'", f"'{'1' * 500}'"),
    "twice": WHOLE.replace("currency='JPY'", "currency='USD'"),
    "the euro": WHOLE.replace("currency='TRY'", "currency='EUR'"),
    "small letters": WHOLE.replace("'TRY'", "'try'"),
    "without a great currency": WHOLE.replace("\t\t\t<Cube currency='CNY' rate='7.4326'/>\n", ""),
    "rates one level too deep": WHOLE.replace(f"<Cube time='{FRIDAY}'>", f"<Cube><Cube time='{FRIDAY}'>")
    .replace("\t\t</Cube>", "\t\t</Cube></Cube>"),
    "too deep": WHOLE.replace("Reference rates", "<a>" * 20 + "</a>" * 20),
    "too large": WHOLE.replace("Reference rates", " " * 200_000),
    "a document type": WHOLE.replace("<gesmes:Envelope", "<!DOCTYPE x><gesmes:Envelope", 1),
    "a file drawn in": WHOLE.replace("Reference rates", "&f;")
    .replace("<gesmes:Envelope", '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]><gesmes:Envelope', 1),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_document_of_another_shape_gives_no_table_at_all(name: str) -> None:
    assert WRONG[name] != WHOLE
    refused(WRONG[name])


def test_entities_are_refused_before_they_expand() -> None:
    started = time.thread_time()  # of the processor, which others use too
    refused(bomb(WHOLE))
    assert time.thread_time() - started < 1


def test_half_a_table_is_no_table() -> None:
    few = {code: packaged().rates[code] for code in ("USD", "JPY", "GBP", "CHF", "CNY", "HKD", "SGD")}
    assert "not the whole table" in refused(daily_xml(FRIDAY, few))


def test_the_twin_speaks_as_the_bank_does(twin: EcbTwin) -> None:
    twin.day = FRIDAY
    assert daily_rates(NOW, twin.url) == packaged()._replace(fetched_at=NOW)


def test_the_twins_day_can_be_set(twin: EcbTwin) -> None:
    asked = TwinRequest("POST", "/_twin/day", {}, "/_twin/day", {}, b'{"date": "2026-10-29"}')
    assert twin.answer(asked) == TwinReply(
        200, b'{"date": "2026-10-29"}', {"Content-Type": "application/json; charset=utf-8"}
    )
    assert daily_rates(NOW, twin.url).date == "2026-10-29"


PATIENCE_SECONDS = 0.5
FAULTS = [
    ({"shape": "html"}, "shape"), ({"shape": "truncated"}, "shape"), ({"shape": "bomb"}, "shape"),
    ({"shape": "half"}, "shape"), ({"shape": "empty"}, "shape"), ({"status": 500}, "status"),
    ({"status": 302}, "status"), ({"reset": True}, "no-answer"), ({"delay_seconds": 3 * PATIENCE_SECONDS}, "no-answer"),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "reason"), FAULTS, ids=lambda value: str(value))
def test_every_fault_of_the_far_side_is_one_kind_of_failure(
    twin: EcbTwin, fault: dict[str, object], reason: str
) -> None:
    twin.faults = fault
    try:
        with pytest.raises(RateSourceFailed) as failure:
            daily_rates(NOW, twin.url, timeout_seconds=PATIENCE_SECONDS if "delay_seconds" in fault else 5)
        assert failure.value.reason == reason
    finally:
        twin.faults = {}


def test_nobody_there_is_known_to_be_nobody_there() -> None:
    with EcbTwin() as gone:
        url = gone.url
    with pytest.raises(RateSourceFailed) as failure:
        daily_rates(NOW, url)
    assert failure.value.reason == "unreachable"


def test_the_path_is_the_one_the_bank_documents() -> None:
    assert PATH == "/stats/eurofxref/eurofxref-daily.xml"
