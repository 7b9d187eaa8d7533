"""The fx door on both clouds."""

from __future__ import annotations

import time
from fractions import Fraction
from typing import Any, Iterator

import pytest

from sandbox.twins.ecb import EcbTwin
from tests.support.doors import Place
from tests.support.rates import hold_fresh_rates
from twinshore import wiring
from twinshore.fx import tables

RATES, QUOTES = "/v1/fx/rates", "/v1/fx/quotes"


@pytest.fixture
def ecb(at: Place) -> Iterator[EcbTwin]:
    with EcbTwin() as twin:
        at.outside["ecb"] = twin.url
        at.rewire()
        yield twin


def rates(at: Place, **query: str) -> Any:
    return at.call("fx", "GET", RATES, query=query)


def test_an_empty_store_answers_with_the_packaged_rates_and_says_how_old_they_are(at: Place) -> None:
    answer = rates(at, base="CNY", quote="USD,EUR").json()
    assert [item["currency"] for item in answer["items"]] == ["USD", "EUR"]
    assert (answer["source"], "European Central Bank" in answer["attribution"]) == ("ecb", True)
    assert answer["age_seconds"] > 0
    assert answer["date"] >= "2026-10-30"
    assert "fetched_at" not in answer
    assert "amount_minor" not in answer
    assert "display" not in answer["items"][0]


def test_after_a_refresh_the_rates_are_the_banks_of_the_day(at: Place, ecb: EcbTwin) -> None:
    assert tables.refresh(wiring.store(), wiring.rate_sources()["ecb"], wiring.now()).outcome == "stored"
    answer = rates(at, base="EUR", quote="USD").json()
    assert answer["stale"] is False
    assert answer["fetched_at"].endswith("Z")
    assert answer["items"][0]["rate"] == ecb.rates_of(answer["date"])["USD"]
    assert [entry["what"] for entry in ecb.journal] == ["daily rates read"]


def test_a_price_is_shown_in_many_currencies_with_their_own_minor_units(at: Place) -> None:
    answer = rates(at, base="CNY", quote="USD,JPY,HUF,AED,CNY", amount_minor="129900", locale="en-US").json()
    shown = {item["currency"]: item for item in answer["items"]}
    assert answer["rounding"] == "half-up"
    assert answer["amount_minor"] == 129900
    assert shown["CNY"] == {"currency": "CNY", "rate": "1", "date": answer["date"], "source": "ecb",
                            "amount_minor": 129900, "display": "CN¥1,299.00"}  # fmt: skip
    assert shown["JPY"]["display"] == f"¥{shown['JPY']['amount_minor']:,}"
    assert shown["HUF"]["display"].endswith(f".{shown['HUF']['amount_minor'] % 100:02d}")
    assert shown["AED"]["source"] == "ecb, AED pegged to USD"


def test_without_a_locale_the_price_is_shown_in_the_callers_language(at: Place) -> None:
    query = {"base": "CNY", "quote": "USD", "amount_minor": "129900"}
    chinese = at.call("fx", "GET", RATES, query=query, headers={"Accept-Language": "zh-CN,zh;q=0.9"}).json()
    assert chinese["items"][0]["display"].startswith("US$")
    assert rates(at, **query).json()["items"][0]["display"].startswith("$")


@pytest.mark.parametrize(
    ("query", "slug"),
    [
        ({"base": "CNY"}, "invalid-request"),
        ({"base": "cny", "quote": "USD"}, "invalid-request"),
        ({"base": "CNY", "quote": ""}, "invalid-request"),
        ({"base": "CNY", "quote": "USD,"}, "invalid-request"),
        ({"base": "CNY", "quote": ",".join(["USD"] * 31)}, "invalid-request"),
        ({"base": "CNY", "quote": "USD", "amount_minor": "0"}, "invalid-request"),
        ({"base": "CNY", "quote": "USD", "amount_minor": "1.5"}, "invalid-request"),
        ({"base": "CNY", "quote": "USD", "amount_minor": "-1"}, "invalid-request"),
        ({"base": "CNY", "quote": "USD", "amount_minor": "1", "locale": "../../etc"}, "invalid-request"),
        ({"base": "CNY", "quote": "USD", "colour": "red"}, "invalid-request"),
        ({"base": "CNY", "quote": "USD", "amount_minor": "1", "locale": "xx-YY"}, "unknown-locale"),
        ({"base": "XXX", "quote": "USD"}, "unknown-currency"),
        ({"base": "CNY", "quote": "USD,BTC"}, "unknown-currency"),
        ({"base": "TWD", "quote": "USD"}, "no-rate"),
        ({"base": "CNY", "quote": "VND"}, "no-rate"),
        ({"base": "CNY", "quote": "USD", "amount_minor": "9999999999999999"}, "amount-out-of-range"),
        ({"base": "KWD", "quote": "USD"}, "no-rate"),
        ({"base": "GBP", "quote": "IDR", "amount_minor": "999999999999999"}, "amount-out-of-range"),
    ],
)
def test_a_question_that_cannot_be_answered_is_a_422_with_its_own_name(at: Place, query: Any, slug: str) -> None:
    answer = rates(at, **query)
    assert (answer.status, answer.problem()) == (422, slug)


def lock(at: Place, body: Any, **options: Any) -> Any:
    return at.call("fx", "POST", QUOTES, json_body=body, token=at.member_token(), **options)


def test_a_member_locks_a_rate_for_24_hours(at: Place) -> None:
    hold_fresh_rates(wiring.store(), int(time.time()))
    answer = lock(at, {"from": "CNY", "to": "EUR", "amount_minor": 129900})
    quote = answer.json()
    assert answer.status == 201
    assert quote["amount_from"] == {"amount_minor": 129900, "currency": "CNY"}
    # 1299.00 CNY / 7.4326 x 1.015: 177.39 at the client rate, 174.77 at the base rate
    assert quote["amount_to"] == {"amount_minor": 17739, "currency": "EUR"}
    assert quote["margin"] == {"amount_minor": 262, "currency": "EUR"}
    assert (quote["base_rate"], quote["margin_bps"], quote["rounding"]) == ("0.134542421225", 150, "half-up")
    assert quote["rounding_to"] == {"amount_minor": 1, "currency": "EUR"}
    assert quote["token"].count(".") == 2
    assert quote["source"] == "ecb"


def test_a_lock_into_rupiah_is_in_whole_rupiah_and_says_so(at: Place) -> None:
    hold_fresh_rates(wiring.store(), int(time.time()))
    quote = lock(at, {"from": "CNY", "to": "IDR", "amount_minor": 32900}).json()
    assert quote["rounding_to"] == {"amount_minor": 100, "currency": "IDR"}
    assert quote["amount_to"]["amount_minor"] % 100 == quote["margin"]["amount_minor"] % 100 == 0
    exactly = Fraction(quote["client_rate"]) * 32900
    assert abs(quote["amount_to"]["amount_minor"] - exactly) <= 50


def test_a_lock_needs_a_member(at: Place) -> None:
    answer = at.call("fx", "POST", QUOTES, json_body={"from": "CNY", "to": "EUR", "amount_minor": 1})
    assert (answer.status, answer.problem()) == (401, "unauthenticated")


def test_no_lock_is_made_on_stale_rates(at: Place) -> None:
    day = 86_400
    held = int(time.time()) - 30 * day
    hold_fresh_rates(wiring.store(), held)
    answer = lock(at, {"from": "CNY", "to": "EUR", "amount_minor": 129900})
    assert (answer.status, answer.problem()) == (503, "rates-stale")


@pytest.mark.parametrize(
    ("body", "slug"),
    [
        ({"from": "CNY", "to": "CNY", "amount_minor": 100}, "same-currency"),
        ({"from": "CNY", "to": "TWD", "amount_minor": 100}, "no-rate"),
        ({"from": "CNY", "to": "BTC", "amount_minor": 100}, "unknown-currency"),
        ({"from": "IDR", "to": "EUR", "amount_minor": 1}, "quote-too-small"),
        ({"from": "EUR", "to": "CNY", "amount_minor": 1_000_001}, "quote-too-large"),
        ({"from": "CNY", "to": "EUR", "amount_minor": 0}, "invalid-request"),
        ({"from": "CNY", "to": "EUR", "amount_minor": -5}, "invalid-request"),
        ({"from": "CNY", "to": "EUR", "amount_minor": 1.5}, "invalid-request"),
        ({"from": "CNY", "to": "EUR", "amount_minor": "100"}, "invalid-request"),
        ({"from": "CNY", "to": "EUR", "amount_minor": 10**18}, "invalid-request"),
        ({"from": "CNY", "to": "EUR"}, "invalid-request"),
        ([], "invalid-request"),
    ],
)
def test_a_lock_that_cannot_be_made_is_a_422_with_its_own_name(at: Place, body: Any, slug: str) -> None:
    hold_fresh_rates(wiring.store(), int(time.time()))
    answer = lock(at, body)
    assert (answer.status, answer.problem()) == (422, slug)


def test_malformed_json_is_a_400(at: Place) -> None:
    answer = at.call("fx", "POST", QUOTES, body=b'{"from": ', token=at.member_token(),
                     headers={"Content-Type": "application/json"})  # fmt: skip
    assert (answer.status, answer.problem()) == (400, "malformed-json")


def test_a_member_who_locks_without_end_is_refused_and_others_are_not(at: Place) -> None:
    hold_fresh_rates(wiring.store(), wiring.now())
    # 9,000 euro is below the limit of one lock; five of the largest are allowed in a day.
    wish = {"from": "EUR", "to": "USD", "amount_minor": 900_000}
    greedy, other = at.member_token("m_greedy"), at.member_token("m_other")
    answers = [at.call("fx", "POST", QUOTES, json_body=wish, token=greedy) for _ in range(7)]
    assert [answer.status for answer in answers] == [201] * 5 + [409] * 2
    assert answers[-1].problem() == "lock-allowance-used"
    assert at.call("fx", "POST", QUOTES, json_body=wish, token=other).status == 201


def test_a_cell_that_has_promised_enough_says_so(at: Place) -> None:
    from twinshore.fx import exposure
    from twinshore.store.port import Create, Key

    hold_fresh_rates(wiring.store(), wiring.now())
    hour = wiring.now() // exposure.HOUR_SECONDS - 1
    cap_minor = wiring.cell().fx_exposure_eur_minor
    wiring.store().commit(Create(Key("fx-exposure#EUR-USD", f"{hour:08d}#0"), {"promised": -cap_minor}))
    wish = {"from": "EUR", "to": "USD", "amount_minor": 100}
    answer = at.call("fx", "POST", QUOTES, json_body=wish, token=at.member_token())
    assert (answer.status, answer.problem(), answer.json()["pair"]) == (409, "exposure-cap-reached", "EUR-USD")
    back = {"from": "USD", "to": "EUR", "amount_minor": 100}
    assert at.call("fx", "POST", QUOTES, json_body=back, token=at.member_token()).status == 201
