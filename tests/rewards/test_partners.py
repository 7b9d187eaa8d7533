"""A partner's books and ours, over HTTP: pulled, pushed, slow, twice, out of order, and not in agreement."""

from __future__ import annotations

import json
from typing import Any, Iterator

import pytest

from sandbox.twins.partner import OWN, SECRET, PartnerTwin
from tests.support.points import assert_sound
from tests.support.shelf import SEALS, Shelf
from twinshore.errors import NotFound
from twinshore.outbound_webhooks.signing import shown, signed_headers
from twinshore.points import ledger
from twinshore.providers.partner_vouchers.client import PartnerClient, partner_of
from twinshore.rewards.differences import differences
from twinshore.rewards.pool import bound_to
from twinshore.rewards.port import ALREADY_USED, VOIDED, PartnerSilent
from twinshore.rewards.problems import CodesRefused, PartnerSignatureRefused
from twinshore.rewards.returning import give_back
from twinshore.rewards.syncing import Counter, Heard, compare, hear, pull, sync_all
from twinshore.rewards.vouchers import RETURNED, USED

NAME = "lounge_network"


@pytest.fixture
def twin() -> Iterator[PartnerTwin]:
    with PartnerTwin() as one:
        yield one


class Trade:
    """Our side and theirs."""

    def __init__(self, shelf: Shelf, twin: PartnerTwin) -> None:
        self.shelf, self.twin = shelf, twin
        shelf.now = int(twin.moment())
        made = partner_of(NAME, json.dumps({NAME: twin.secret()}), twin.url)
        assert made is not None
        self.client: PartnerClient = made
        self.counter = Counter(shelf.desk(), shelf.shop, SEALS)

    def issue(self, count: int) -> list[str]:
        return self.twin.issue(OWN, self.shelf.name, "europe", count)

    def pull(self) -> Heard:
        return pull(self.counter, NAME, self.client, self.shelf.now)

    def found(self) -> dict[str, tuple[str, str]]:
        rows = differences(self.shelf.store, NAME)
        return {row.serial: (row.ours, row.theirs) for row in rows if not row.settled_at}

    def show(self, voucher: Any) -> str:
        return self.twin.use(SEALS.open(voucher.sealed, bound_to(voucher.partner, voucher.serial)))


@pytest.fixture
def trade(shelf: Shelf, twin: PartnerTwin) -> Trade:
    return Trade(shelf, twin)


def test_codes_and_uses_are_pulled_page_by_page_once(trade: Trade) -> None:
    trade.issue(450)
    assert trade.pull() == Heard(new_codes=450)
    assert trade.pull() == Heard()
    anna = trade.shelf.member()
    voucher = trade.shelf.buy(anna)
    assert trade.show(voucher) == "used"
    assert trade.show(voucher) == "was used"
    assert trade.pull() == Heard(uses=1)
    assert trade.shelf.vouchers(anna)[0].state == USED
    assert (trade.pull(), trade.shelf.left(), trade.found()) == (Heard(), 449, {})


def test_the_same_by_push_and_by_pull_is_taken_once(trade: Trade) -> None:
    trade.issue(3)
    taken: list[Heard] = []

    def door(method: str, url: str, headers: dict[str, str], body: bytes, timeout: float) -> None:
        lower = {name.lower(): value for name, value in headers.items()}
        taken.append(hear(trade.counter, NAME, trade.client.read(lower, body, trade.shelf.now), trade.shelf.now))

    body = json.dumps(trade.twin._page(trade.twin.log[OWN])).encode()
    for number in range(2):
        door("POST", "", signed_headers(f"m{number}", trade.shelf.now, body, [SECRET]), body, 1)
    assert taken == [Heard(new_codes=3), Heard()]
    assert (trade.pull(), trade.shelf.left()) == (Heard(), 3)


def test_pages_that_come_twice_and_uses_before_their_codes_do_no_harm(trade: Trade) -> None:
    trade.issue(5)
    trade.twin.faults = {"duplicate": True, "reorder": True}
    stolen = next(iter(trade.twin.vouchers.values()))
    assert trade.twin.use(stolen["code"]) == "used"
    heard = trade.pull()
    assert heard.new_codes == 5 and heard.differences >= 1
    assert trade.shelf.left() == 4
    assert trade.found() == {stolen["serial"]: ("free", "used")}
    assert trade.pull() == Heard()
    serials = {trade.shelf.buy(trade.shelf.member(f"m{number}")).serial for number in range(4)}
    assert len(serials) == 4 and stolen["serial"] not in serials


def test_what_the_partner_sells_beside_us_is_listed_and_out_of_our_stock(trade: Trade) -> None:
    trade.issue(3)
    trade.pull()
    trade.twin.faults = {"oversell": True}
    trade.pull()
    trade.twin.faults = {}
    trade.pull()
    gone = [serial for serial, row in trade.twin.vouchers.items() if row["status"] == "used"]
    assert len(gone) >= 1
    assert trade.found() == dict.fromkeys(gone, ("free", "used"))
    assert trade.shelf.left() == 3 - len(gone)
    row = differences(trade.shelf.store, NAME)[0]
    assert "dispute" in row.action


def test_a_silent_or_broken_partner_changes_nothing_and_is_asked_again(trade: Trade) -> None:
    trade.issue(2)
    for fault in ({"status": 502}, {"reset": True}, {"status": 500, "json": True}, {"status": 200, "json": True}):
        trade.twin.faults = dict(fault)
        with pytest.raises(PartnerSilent):
            trade.pull()
        with pytest.raises(PartnerSilent):
            compare(trade.counter, NAME, trade.client, trade.shelf.now)
        with pytest.raises(PartnerSilent):
            trade.client.void("EUR-000000")
    assert trade.shelf.left() == 0
    trade.twin.faults = {}
    trade.pull()
    assert trade.shelf.left() == 2


def test_a_partner_that_is_silent_is_not_in_the_others_way(trade: Trade) -> None:
    trade.issue(2)
    dead = trade.client._replace(url="http://127.0.0.1:9")

    def partners(name: str) -> PartnerClient:
        if name == "house":
            raise NotFound
        return dead if name == "ride_network" else trade.client

    done = sync_all(trade.counter, ("house", "ride_network", NAME), partners, trade.shelf.now)
    assert (done["silent"], done["new_codes"]) == (1, 2)


def test_a_return_strikes_the_code_out_at_the_partner(trade: Trade) -> None:
    trade.issue(2)
    trade.pull()
    anna = trade.shelf.member()
    voucher = trade.shelf.buy(anna)
    done = give_back(trade.counter.desk, lambda _: trade.client, anna.member_id, voucher.id, trade.shelf.now)
    assert (done.state, trade.twin.vouchers[voucher.serial]["status"]) == (RETURNED, "void")
    assert (trade.client.void(voucher.serial), trade.show(voucher)) == (VOIDED, "was void")
    assert ledger.balance(anna) == 10
    assert compare(trade.counter, NAME, trade.client, trade.shelf.now) == 0
    assert_sound(anna)


def test_the_whole_lists_are_compared_and_what_agrees_again_is_settled(trade: Trade) -> None:
    trade.issue(4)
    trade.pull()
    anna = trade.shelf.member(points=40)
    given, kept = trade.shelf.buy(anna), trade.shelf.buy(anna, "k2")
    trade.twin.faults = {"forget_voids": True}
    give_back(trade.counter.desk, lambda _: trade.client, anna.member_id, given.id, trade.shelf.now)
    trade.twin.vouchers[kept.serial]["status"] = "void"
    trade.twin.vouchers["GHOST-1"] = {"serial": "GHOST-1", "status": "open", "account": OWN}
    assert compare(trade.counter, NAME, trade.client, trade.shelf.now) == 3
    assert trade.found() == {
        given.serial: ("returned", "open"), kept.serial: ("given", "void"), "GHOST-1": ("unknown", "open"),
    }  # fmt: skip
    assert compare(trade.counter, NAME, trade.client, trade.shelf.now) == 0
    trade.twin.faults = {}
    assert trade.client.void(given.serial) == VOIDED
    trade.twin.vouchers[kept.serial]["status"] = "used"
    compare(trade.counter, NAME, trade.client, trade.shelf.now)
    assert trade.found() == {"GHOST-1": ("unknown", "open")}


def test_a_use_that_only_the_whole_list_tells_is_noted(trade: Trade) -> None:
    trade.issue(1)
    trade.pull()
    anna = trade.shelf.member()
    voucher = trade.shelf.buy(anna)
    trade.twin.vouchers[voucher.serial]["status"] = "used"
    assert trade.client.void(voucher.serial) == ALREADY_USED
    assert compare(trade.counter, NAME, trade.client, trade.shelf.now) == 0
    assert trade.shelf.vouchers(anna)[0].state == USED


@pytest.mark.parametrize(
    "spoil",
    [
        lambda headers, body: ({**headers, "webhook-id": ""}, body),
        lambda headers, body: ({**headers, "webhook-id": "another"}, body),
        lambda headers, body: ({**headers, "webhook-timestamp": "x"}, body),
        lambda headers, body: ({**headers, "webhook-timestamp": "9" * 13}, body),
        lambda headers, body: ({**headers, "webhook-signature": ""}, body),
        lambda headers, body: ({**headers, "webhook-signature": "v1,!!!"}, body),
        lambda headers, body: (
            {**headers, "webhook-signature": headers["webhook-signature"].replace("v1", "v2")},
            body,
        ),
        lambda headers, body: (headers, body + b" "),
    ],
)
def test_a_push_that_was_touched_is_refused(trade: Trade, spoil: Any) -> None:
    body = b'{"voided": []}'
    good = signed_headers("m1", trade.shelf.now, body, [b"another live one", SECRET])
    assert trade.client.read(good, body, trade.shelf.now).voided == ()
    with pytest.raises(PartnerSignatureRefused):
        trade.client.read(*spoil(good, body), trade.shelf.now)
    with pytest.raises(PartnerSignatureRefused):
        trade.client._replace(secrets=()).read(good, body, trade.shelf.now)


@pytest.mark.parametrize(
    "body",
    ["[]", "{", '{"uses": 1}', '{"uses": [{"serial": "a b", "used_at": "2026-01-01T00:00:00Z"}]}',
     '{"uses": [{"serial": "a", "used_at": "yesterday"}]}', '{"voided": [1]}', '{"batches": [{}]}', '{"next": 5}'],
)  # fmt: skip
def test_a_push_of_another_form_is_refused(trade: Trade, body: str) -> None:
    headers = signed_headers("m1", trade.shelf.now, body.encode(), [SECRET])
    with pytest.raises(CodesRefused):
        trade.client.read(headers, body.encode(), trade.shelf.now)


def test_the_secret_is_whole_or_named_without_being_shown() -> None:
    good = {"url": "https://p.example.com", "token": "t", "webhook_secrets": [shown(SECRET)]}
    assert partner_of(NAME, json.dumps({NAME: good})) is not None
    assert partner_of("other", json.dumps({NAME: good})) is None
    for bad in ("no json", "[]", json.dumps({NAME: {**good, "webhook_secrets": ["plain"]}}), json.dumps({NAME: {}})):
        with pytest.raises(Exception) as told:
            partner_of(NAME, bad)
        assert "plain" not in str(told.value) and "reward_partners" in str(told.value)


def test_the_twin_keeps_its_books_over_a_restart(tmp_path: Any) -> None:
    with PartnerTwin(tmp_path, stock={OWN: {"thing:europe": 3}}) as first:
        serials = list(first.vouchers)
        first.use(first.vouchers[serials[0]]["code"])
    with PartnerTwin(tmp_path, stock={OWN: {"thing:europe": 3}}) as second:
        assert list(second.vouchers) == serials
        assert second.vouchers[serials[0]]["status"] == "used"
