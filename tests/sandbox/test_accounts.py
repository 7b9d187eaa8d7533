"""A line of the cells file decides who carries a method: the box starts what the file names, and people pay by it."""

from __future__ import annotations

import json
from typing import Any, Iterator

import pytest

from sandbox import outside
from sandbox.accounts import Account, accounts_of, party_of
from sandbox.box import CELLS_FILE, Box
from sandbox.journeys import Journeys
from sandbox.story import STEPS, renew_session
from sandbox.travellers import TRAVELLERS
from sandbox.walk import Traveller
from tests.support.box_process import free_base

PROVIDERS = CELLS_FILE.parent / "providers"
CELLS = ["cn", "eu", "sea", "us"]
DECLARED = json.loads(CELLS_FILE.read_text(encoding="utf-8"))
BY_SLUG = {traveller.slug: traveller for traveller in TRAVELLERS}
OTHERWISE = {
    "card": "adyen", "apple_pay": "checkout_com", "mada": "checkout_com", "grabpay": "airwallex",
    "wechat_pay_global": "wechat_pay_global",
}  # fmt: skip
"""Method -> the provider that the usual file does not give it."""
WALKERS = (
    BY_SLUG["anna"],
    BY_SLUG["camille"]._replace(method="apple_pay"),
    BY_SLUG["noura"],
    BY_SLUG["weiling"],
    BY_SLUG["weiling"]._replace(
        slug="meihua", client_ip="175.156.0.1", openid="oBoxMeiHua000000000000000008", email="mei.hua@example.com",
        method="wechat_pay_global", channel="email",
    ),
)  # fmt: skip


def declared_otherwise() -> dict[str, Any]:
    methods = json.loads(json.dumps(DECLARED["methods"]))
    methods["wechat_pay_global"] = {**methods["grabpay"], "opens_in": ["mini_program"]}
    for method, provider in OTHERWISE.items():
        methods[method]["provider"] = provider
    markets = json.loads(json.dumps(DECLARED["markets"]))
    markets["SG"]["payment_methods"].append("wechat_pay_global")
    return {**DECLARED, "methods": methods, "markets": markets}


def test_twins_that_were_there_keep_their_ports_and_further_ones_follow() -> None:
    parties = outside.parties(accounts_of(DECLARED, CELLS))
    assert tuple(parties[: len(outside.FIRST_PARTIES)]) == outside.FIRST_PARTIES
    assert len(set(parties)) == len(parties)


def test_a_provider_has_an_account_in_each_cell_that_it_serves() -> None:
    found = accounts_of(DECLARED, CELLS)
    assert {account for account in found if account.provider in ("paypal", "stripe")} == {
        Account("paypal", "paypal", "eu"), Account("paypal_us", "paypal", "us"), Account("stripe", "stripe", "eu"),
        Account("stripe_sea", "stripe", "sea"), Account("stripe_us", "stripe", "us"),
    }  # fmt: skip
    parties = [account.party for account in found]
    assert [party_of("stripe", cell, parties) for cell in CELLS[1:]] == ["stripe", "stripe_sea", "stripe_us"]
    assert "adyen" not in parties, "what the file does not name is not started"


def test_every_provider_that_the_usual_file_leaves_out_is_tried_here() -> None:
    named = {method["provider"] for method in DECLARED["methods"].values()}
    assert {folder.parent.name for folder in PROVIDERS.glob("*/capabilities.py")} - named == set(OTHERWISE.values())


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    folder = tmp_path_factory.mktemp("box")
    file = folder / "declared.json"
    file.write_text(json.dumps(declared_otherwise()), encoding="utf-8")
    started = Box(folder / "data", free_base(), cells_file=file)
    started.start()
    yield started
    started.end()


@pytest.fixture(scope="module")
def journeys(box: Box) -> Journeys:
    listing = box.listing()
    return Journeys(box.folder / "journey.json", WALKERS, STEPS, listing["cells"], listing["twins"], renew_session)


@pytest.mark.parametrize("who", WALKERS, ids=lambda who: f"{who.method}-by-{OTHERWISE[who.method]}")
def test_a_line_gives_a_method_to_another_provider(box: Box, journeys: Journeys, who: Traveller) -> None:
    while record := journeys.advance(who.slug):
        assert record["ok"], f"{record['step']}: {record['told']['en']}"
    memory = json.loads((box.folder / "journey.json").read_text(encoding="utf-8"))[who.slug]["memory"]
    assert memory["provider"] == OTHERWISE[who.method]


def test_a_cell_has_the_secrets_of_its_own_providers_only(box: Box) -> None:
    for cell in CELLS:
        kept = json.loads((box.folder / cell / "secrets.json").read_text(encoding="utf-8"))
        own = {f"provider_{account.provider}" for account in box.accounts if account.cell == cell}
        assert {name for name in kept if name.startswith("provider_")} == own
    assert "hyperpay" not in box.twins
