"""What a newcomer is told, by every clue; through the door, on both clouds."""

from __future__ import annotations

import json

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.support.doors import Place
from twinshore.bootstrap.countries import country_of_ip, country_of_phone
from twinshore.bootstrap.market import Clues, PhoneNotPossible, bootstrap
from twinshore.cells import load_cells

CELLS = load_cells()
GERMAN_IP, CHINESE_IP, BRITISH_IP, LOCAL_IP = "185.60.216.35", "202.96.128.86", "81.2.69.142", "10.0.0.1"


@pytest.mark.parametrize(
    ("clues", "market", "reason"),
    [
        (Clues(phone="+8613800138000", country="DE", ip=GERMAN_IP), "CN", "phone"),
        (Clues(country="DE", last_market="FR", ip=CHINESE_IP), "DE", "country"),
        (Clues(last_market="BR", ip=CHINESE_IP), "BR", "history"),
        (Clues(ip=CHINESE_IP, accept_language="de"), "CN", "ip"),
        (Clues(ip=LOCAL_IP, accept_language="xx, pt-BR;q=0.9"), "BR", "language"),
        (Clues(ip=LOCAL_IP, accept_language="de-AT"), "DE", "language"),
        (Clues(ip=LOCAL_IP, accept_language="ar-SA, en;q=0.8"), "SA", "language"),
        (Clues(ip="rubbish"), "SG", "default"),
        (Clues(phone="+4930123456"), "DE", "phone"),
        (Clues(phone="+41446681800", ip=BRITISH_IP), "GB", "ip"),
    ],
)
def test_what_is_told_weighs_more_than_what_is_guessed(clues: Clues, market: str, reason: str) -> None:
    answer = bootstrap(CELLS, clues, country_of_ip, country_of_phone, "en")
    assert (answer["market"], answer["market_from"]) == (market, reason)
    assert answer["home_cell"] == CELLS.markets[market].home


def test_a_traveller_has_a_home_and_a_nearest_cell() -> None:
    answer = bootstrap(CELLS, Clues(country="DE", ip=CHINESE_IP), country_of_ip, country_of_phone, "en")
    assert (answer["home_cell"], answer["nearest_cell"]) == ("eu", "cn")
    assert answer["endpoints"]["nearest"] == CELLS.all["cn"].endpoint


@pytest.mark.parametrize("phone", ["13800138000", "+", "+999", "+49", "abc", "+86138001380001380013"])
def test_a_number_that_cannot_be_is_told_so(phone: str) -> None:
    with pytest.raises(PhoneNotPossible):
        bootstrap(CELLS, Clues(phone=phone), country_of_ip, country_of_phone, "en")


def test_every_market_offers_what_its_home_cell_carries() -> None:
    for market in CELLS.markets:
        answer = bootstrap(CELLS, Clues(country=market), country_of_ip, country_of_phone, "en")
        assert answer["payment_methods"], market


@pytest.mark.parametrize("address", ["::ffff:81.2.69.142", "81.2.69.142"])
def test_mapped_addresses_are_addresses(address: str) -> None:
    assert country_of_ip(address) == "GB"


def test_the_door_answers_by_the_platforms_address(at: Place) -> None:
    answer = at.call("bootstrap", "GET", "/v1/bootstrap", ip=GERMAN_IP, headers={"X-Forwarded-For": CHINESE_IP})
    assert answer.status == 200
    found = answer.json()
    assert found["nearest_cell"] == CELLS.nearest_to(country_of_ip(GERMAN_IP) or "").name
    japanese = at.call("bootstrap", "GET", "/v1/bootstrap", query={"country": "JP"}).json()
    assert japanese["campaigns"] == {"double_eleven": "ブラックフライデー"}


def test_bad_clues_are_problems(at: Place) -> None:
    assert at.call("bootstrap", "GET", "/v1/bootstrap", query={"phone": "123"}).problem() == "phone-not-possible"
    assert at.call("bootstrap", "GET", "/v1/bootstrap", query={"country": "Germany"}).problem() == "invalid-request"
    assert at.call("bootstrap", "POST", "/v1/bootstrap").problem() == "method-not-allowed"


def test_health_names_the_cell_and_nothing_else(at: Place) -> None:
    found = at.call("bootstrap", "GET", "/v1/health").json()
    assert found == {"status": "ok", "cell": at.cell, "cloud": at.cloud, "region": CELLS.all[at.cell].region}


def test_the_openapi_document_is_valid_and_the_same_everywhere(at: Place) -> None:
    document = json.loads(at.call("bootstrap", "GET", "/openapi.json").text)
    OpenAPIV31SpecValidator(document).validate()
    assert document["openapi"].startswith("3.1")
    assert "/v1/bootstrap" in document["paths"]
