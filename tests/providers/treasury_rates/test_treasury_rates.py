"""A treasury's table: our form to the letter, its licence said, from its own host only. All figures are invented."""

from __future__ import annotations

import json
from typing import Any, Iterator

import pytest

from sandbox.twins.treasury_rates import BEARER, INVENTED, LICENCE, PATH, TreasuryRatesTwin, document
from tests.support.rates import FRIDAY, FRIDAY_AT_SIX
from twinshore.fx.port import RateSourceFailed, RateTable
from twinshore.providers.treasury_rates.client import address_of, treasury_rates
from twinshore.providers.treasury_rates.document import BODY_LIMIT_BYTES, RATES_LIMIT, parse

NOW = FRIDAY_AT_SIX
EIGHT = NOW - 10 * 3600
WHOLE = document(FRIDAY)
SECRET = json.dumps(TreasuryRatesTwin.secret())


@pytest.fixture(scope="module")
def twin() -> Iterator[TreasuryRatesTwin]:
    with TreasuryRatesTwin() as started:
        yield started


def refused(body: str | bytes, reason: str = "shape") -> None:
    with pytest.raises(RateSourceFailed) as failure:
        parse(body.encode() if isinstance(body, str) else body, NOW)
    assert failure.value.reason == reason


def with_rates(**rates: Any) -> dict[str, Any]:
    found = {**INVENTED, **rates}
    return {"count": len(found), "rates": found}


def test_a_whole_table_is_read() -> None:
    found = parse(json.dumps(WHOLE).encode(), NOW)
    assert found == RateTable("Example Treasury", FRIDAY, "USD", INVENTED, NOW, LICENCE, EIGHT)


WRONG: dict[str, dict[str, Any]] = {
    "half a table": {"rates": {"TWD": "31.85"}},
    "more than it says": {"count": 5},
    "a count that is a text": {"count": "6"},
    "a count that is a truth": {"count": True, "rates": {"TWD": "31.85"}},
    "no rate": {"count": 0, "rates": {}},
    "too many rates": {"count": RATES_LIMIT + 1, "rates": {f"{n:03d}": "1" for n in range(RATES_LIMIT + 1)}},
    "rates in a list": {"rates": [["TWD", "31.85"]]},
    "a number": with_rates(TWD=31.85), "zero": with_rates(TWD="0.00"), "negative": with_rates(TWD="-31.85"),
    "comma": with_rates(TWD="31,85"), "exponent": with_rates(TWD="3e1"), "not a number": with_rates(TWD="NaN"),
    "endless": with_rates(TWD="1" * 99), "empty rate": with_rates(TWD=""),
    "no currency": with_rates(BTC="0.1"), "small letters": with_rates(thb="32"), "the base": with_rates(USD="1"),
    "another base": {"base": "KWD"}, "no base": {"base": None}, "a base in a list": {"base": ["USD"]},
    "no such date": {"date": "2026-02-30"}, "another date form": {"date": "20261030"}, "no date": {"date": 20261030},
    "no moment": {"published_at": FRIDAY}, "a moment without a zone": {"published_at": f"{FRIDAY}T08:00:00"},
    "no such moment": {"published_at": f"{FRIDAY}T25:00:00Z"}, "published at a number": {"published_at": 1},
    "published long before its day": {"published_at": "2026-10-28T08:00:00Z"},
    "no source": {"source": ""}, "a source of two lines": {"source": "a\nb"}, "a long source": {"source": "a" * 61},
    "a comma in the source": {"source": "ecb, and more"}, "another's name": {"source": "ECB"},
    "a further member": {"licenses": "none"},
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_table_of_another_shape_is_no_table(name: str) -> None:
    refused(json.dumps({**WHOLE, **WRONG[name]}))


@pytest.mark.parametrize("licence", ["", "  ", None, 1, "a\nb", "a" * 501])
def test_a_table_without_a_licence_to_be_shown_is_no_table(licence: Any) -> None:
    refused(json.dumps({**WHOLE, "licence": licence}), "licence")


@pytest.mark.parametrize("member", sorted(WHOLE))
def test_every_member_must_be_there(member: str) -> None:
    refused(json.dumps({name: value for name, value in WHOLE.items() if name != member}))


@pytest.mark.parametrize(
    "body",
    ["", "[]", "null", "<html></html>", "[" * 50_000, json.dumps(WHOLE)[:-1], json.dumps(WHOLE).replace("VND", "TWD"),
     json.dumps(WHOLE).replace('"count"', '"base": "EUR", "count"'), json.dumps(WHOLE).encode("utf-16"), b"\xff",
     json.dumps(WHOLE) + " " * BODY_LIMIT_BYTES],
    ids=["nothing", "list", "null", "html", "deep", "cut", "a currency twice", "a member twice", "utf-16", "bytes",
         "too large"],
)  # fmt: skip
def test_what_is_not_one_json_object_is_no_table(body: str | bytes) -> None:
    refused(body)


def test_the_twin_speaks_the_form_to_whoever_has_the_token(twin: TreasuryRatesTwin) -> None:
    twin.day = FRIDAY
    assert treasury_rates(NOW, SECRET, twin.url).rates == INVENTED
    with pytest.raises(RateSourceFailed) as failure:
        treasury_rates(NOW, json.dumps({"url": f"https://treasury.example.com{PATH}"}), twin.url)
    assert failure.value.reason == "status"
    assert BEARER not in str(twin.journal)


PATIENCE_SECONDS = 0.5
FAULTS = [
    *(({"shape": shape}, "shape") for shape in ("html", "truncated", "half", "empty", "twice", "numbers")),
    ({"shape": "unlicensed"}, "licence"), ({"status": 500}, "status"), ({"status": 302}, "status"),
    ({"reset": True}, "no-answer"), ({"delay_seconds": 3 * PATIENCE_SECONDS}, "no-answer"),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "reason"), FAULTS, ids=str)
def test_every_fault_of_the_far_side_is_one_kind_of_failure(
    twin: TreasuryRatesTwin, fault: dict[str, object], reason: str
) -> None:
    twin.faults = fault
    try:
        with pytest.raises(RateSourceFailed) as failure:
            treasury_rates(NOW, SECRET, twin.url, timeout_seconds=PATIENCE_SECONDS if "delay_seconds" in fault else 5)
        assert failure.value.reason == reason
    finally:
        twin.faults = {}


def test_nobody_there_is_known_to_be_nobody_there() -> None:
    with TreasuryRatesTwin() as gone:
        url = gone.url
    with pytest.raises(RateSourceFailed) as failure:
        treasury_rates(NOW, SECRET, url)
    assert failure.value.reason == "unreachable"


def test_the_address_is_https_to_a_host_by_name() -> None:
    found = address_of('{"url": "https://rates.example.com/v1/day?set=a", "bearer": "12345678"}')
    assert found == ("rates.example.com", "/v1/day?set=a", "12345678")


@pytest.mark.parametrize(
    "secret",
    ["x", "[]", "{}", '{"url": 1}', '{"url": ""}', '{"url": "http://a.example.com/"}', '{"url": "https://a/"}',
     '{"url": "https://*.example.com/"}', '{"url": "https://u@a.example.com/"}', '{"url": "https://a.example.com:1/"}',
     '{"url": "https://[::1]/"}', '{"url": "https://a.example.com/#b"}', '{"url": "https://a.example.com/ b"}',
     '{"url": "https://a.example.com/", "bearer": "a\\r\\nb: c1234"}', '{"url": "https://a.example.com/", "bearer": 1}',
     '{"url": "https://a.example.com/", "token": "12345678"}', '{"url": "https://a.example.com:x/"}'],
)  # fmt: skip
def test_a_secret_of_another_form_asks_nobody_and_is_not_repeated(secret: str) -> None:
    with pytest.raises(RateSourceFailed) as failure:
        treasury_rates(NOW, secret)
    assert (failure.value.reason, str(failure.value)) == ("configuration", "configuration")
    assert failure.value.__cause__ is None
