"""Every kind of item that is stored today has one in `items/`, which all later code must read; and whoever changes one
keeps what it does not know. Golden items stay as they are: a new form gets a file of its own, named in `keys.json`.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any, Callable, Iterator, NamedTuple

import pytest

from tests.support.cell_pair import seed
from tests.support.doors import ROOT
from tests.support.membership import members_on, moment
from twinshore.cells import CELL_LABEL, Residency, load_cells
from twinshore.events import event_from_json
from twinshore.exchange import exchanges, exchanging, links, receipts
from twinshore.intercell.client import Peers
from twinshore.intercell.keys import CellKey
from twinshore.members import check_ins, click_log, profile, standing
from twinshore.notify import preferences
from twinshore.outbound_webhooks import subscriptions
from twinshore.payments import order, poll_items
from twinshore.points import book, holds, ledger, pending
from twinshore.points.book import Ledger
from twinshore.reconciliation import differences
from twinshore.rewards import differences as partner_differences
from twinshore.rewards import pool, vouchers
from twinshore.store.moving import move
from twinshore.store.port import Create, Due, Item, Key, Replace
from twinshore.store.sqlite import SqliteStore
from twinshore.store.versions import Versioned

ITEMS = Path(__file__).parent / "items"
KEYS: dict[str, list[str]] = json.loads((Path(__file__).parent / "keys.json").read_text(encoding="utf-8"))
PACKAGE = ROOT / "layers" / "core" / "twinshore"
LATER = {"from": "newer code", "numbers": [1, 2]}
NOW = 1_790_000_300
CELLS = load_cells()


class Place(NamedTuple):
    """The golden item in a store, with a field that nobody knows."""

    store: Any
    item: Item

    @property
    def residency(self) -> Residency:
        return Residency(CELLS, str(self.item.fields.get(CELL_LABEL, "eu")))

    @property
    def owner(self) -> str:
        """What the partition names."""
        return self.item.key.partition.partition("#")[2]

    @property
    def peers(self) -> Peers:
        here = self.residency.here
        return Peers(CellKey(here, "k1", seed(here)), CELLS, None)  # type: ignore[arg-type]

    def ledger(self, programme: str) -> Ledger:
        return Ledger(self.store, self.residency, self.owner, programme)


def golden(name: str) -> Item:
    kept = json.loads((ITEMS / f"{name}.json").read_text(encoding="utf-8"))
    due = Due(*kept["due"]) if "due" in kept else None
    key = Key(kept["partition"], kept["sort"])
    return Item(key, kept["version"], kept["fields"], due, kept.get("expires_at"))


def keys_in_code() -> Iterator[str]:
    """Each place that names a key, as it is written."""
    for file in sorted(PACKAGE.rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Key":
                written = " ".join((ast.get_source_segment(text, node) or "").split())
                if "Key(*" not in written:  # one that was kept before
                    yield f"{file.relative_to(PACKAGE).as_posix()}: {written}"


ENGINES = ("store/sqlite.py", "store/postgres.py", "store/dynamodb.py", "store/attributes.py", "store/port.py")


def test_every_kind_of_item_has_a_golden_one() -> None:
    written = {place for place in keys_in_code() if not place.startswith(ENGINES)}
    assert written == set(KEYS), "name a golden item in keys.json for each key of the code, and for no other"
    assert {name for names in KEYS.values() for name in names} == {file.stem for file in ITEMS.glob("*.json")}


def an_order(at: Place) -> None:
    found = order.load(at.store, at.owner)
    assert found is not None and found.state(NOW) == ("part_refunded" if found.attempts else "created")
    at.store.commit(order.replace(found._replace(expires_at=NOW + 60)))


def a_poll(at: Place) -> None:
    at.store.commit(poll_items.next_poll(poll_items.read_poll(at.item), NOW))


def a_link(at: Place) -> None:
    link, item = links.find_link(at.store, at.item.fields["member_id"], at.owner)
    assert link.state in links.STATES
    at.store.commit(links.changed(item, at.residency, tries=9)[0])


def an_exchange(at: Place) -> None:
    assert exchanges.exchange_of(at.item).state in exchanges.STATES
    exchanging.postpone(at.store, at.peers, at.item, NOW)


def a_chain(at: Place) -> None:
    chain = receipts.chain_of(at.store, at.owner, at.item.key.sort.partition("#")[2])
    assert chain.sequence
    at.store.commit(receipts.put_on(chain, receipts.receipt_from_json(golden("points-link.receipt").fields)))


def a_voucher(at: Place) -> None:
    desk = vouchers.Desk(at.store, at.residency)
    found = desk.read(at.item)
    at.store.commit(Replace(at.item.key, desk.fields(found._replace(sealed="", state="used")), at.item.version))


def a_code(at: Place) -> None:
    changes = pool.back_to_pool(at.store, "lounge_access:europe", at.item, "sealed")
    at.store.commit(*changes)


def a_profile(at: Place) -> None:
    members = members_on(at.store, at.residency.here)
    held = profile.read(members, at.owner)
    home = next(name for name, market in CELLS.markets.items() if market.home == at.residency.here)
    profile.change(members, at.owner, held._replace(home_market=home, time_zone="Asia/Tokyo"), NOW)


def a_standing(at: Place) -> None:
    members = members_on(at.store, at.residency.here)
    assert standing.read(members, at.owner, NOW) is not None
    standing.count(members, standing.Count(at.owner, "o1", 5, NOW), NOW)


def a_streak(at: Place) -> None:
    desk = check_ins.Desk(at.store, at.residency, at.owner, "Europe/Berlin", lambda *_: None)  # type: ignore[arg-type]
    item, streak = check_ins.load(desk)
    assert item is not None and streak is not None
    at.store.commit(check_ins.kept(desk, item, streak._replace(cards=0)))


def preferences_of(at: Place) -> None:
    held = preferences.read(at.store, at.owner)
    preferences.change(at.store, at.residency, at.owner, held._replace(language="en"))


def a_subscription(at: Place) -> None:
    found = subscriptions.find(at.store, at.item.key.sort)
    assert found is not None and found.generations
    subscriptions.went_wrong(at.store, found, "timeout", NOW, gone=True)


def a_days_views(at: Place) -> None:
    rule = next(iter(at.item.fields["shown"].values()))
    click_log.show(at.store, at.owner, {"of today": rule}, moment(f"{at.item.key.sort} 12:00"))


def an_account(at: Place) -> None:
    own = at.ledger("overseas")
    assert ledger.balance(own) == at.item.fields["balance"]
    ledger.earn(own, 5, "order:new", "new", NOW)


def a_hold(at: Place) -> None:
    _, programme, _, hold_id = at.item.key.sort.split("#")
    assert holds.find_hold(at.ledger(programme), hold_id).points == at.item.fields["points"]


def a_pending(at: Place) -> None:
    _, programme, _, earned = at.item.key.sort.split("#")
    assert pending.cancel_pending(at.ledger(programme), earned, 1, "back", "o1", NOW) is not None


def an_entry(at: Place) -> None:
    assert book.entry_of(at.item).lines


def a_difference(at: Place) -> None:
    provider, day = at.owner.split("#")
    found = differences.read_one(at.store, provider, day, at.item.key.sort)
    assert found is not None
    differences.change(at.store, provider, day, found, outcome="seen")


def a_partners_difference(at: Place) -> None:
    assert partner_differences.differences(at.store, at.owner)
    partner_differences.settle(at.store, at.owner, at.item.fields["serial"], NOW)


def an_event(at: Place) -> None:
    assert event_from_json(at.item.fields).id == at.item.fields["id"]


def a_pass(at: Place) -> None:
    move(at.store, at.owner, {})


CHANGED: dict[str, Callable[[Place], None]] = {
    "order.order": an_order, "order.order-locked": an_order, "poll.poll": a_poll, "points-link.link": a_link,
    "points-exchanges.exchange": an_exchange, "points-link.chain": a_chain, "rewards.voucher": a_voucher,
    "code.code": a_code, "membership.profile": a_profile, "membership.standing": a_standing,
    "membership.streak": a_streak, "notify.preferences": preferences_of, "webhook-subscriptions": a_subscription,
    "points.account-balance": an_account, "points.account-pending": a_pending,
    "benefit-views": a_days_views, "reconciliation.difference": a_difference,
    "partner.difference": a_partners_difference,
}  # fmt: skip
"""Read by their room, changed by it, and what it does not know is still there."""
READ: dict[str, Callable[[Place], None]] = {
    "points.account-hold": a_hold, "points.entry": an_entry, "outbox.event": an_event, "items-moved.progress": a_pass,
}  # fmt: skip


def placed(tmp_path: Path, name: str) -> Place:
    """The store's clock stands at the beginning: nothing has expired."""
    store = Versioned(SqliteStore(tmp_path / "store.db", now=lambda: 0.0))
    item = golden(name)
    fields = {**item.fields, "later": LATER}
    store.commit(Create(item.key, fields, item.due, item.expires_at))
    return Place(store, item._replace(fields=fields, version=1))


@pytest.mark.parametrize("name", CHANGED)
def test_it_is_read_and_changed_and_keeps_what_newer_code_added(tmp_path: Path, name: str) -> None:
    at = placed(tmp_path, name)
    CHANGED[name](at)
    after = at.store.get(at.item.key)
    assert after is not None
    assert after.version == 2, "it has been changed"
    assert after.fields["later"] == LATER
    at.store.close()


@pytest.mark.parametrize("name", READ)
def test_it_is_read(tmp_path: Path, name: str) -> None:
    at = placed(tmp_path, name)
    READ[name](at)
    at.store.close()


def test_columns_that_newer_code_put_behind_ours_are_kept(tmp_path: Path) -> None:
    at = placed(tmp_path, "order.order")
    rows = {name: [[*at.item.fields[name][0], *tail]] for name, tail in TAILS.items()}
    at.store.commit(Replace(at.item.key, {**at.item.fields, **rows}, 1))
    found = order.load(at.store, at.owner)
    assert found is not None
    at.store.commit(order.replace(found._replace(attempts=tuple(a._replace(refunded_minor=9) for a in found.attempts))))
    after = at.store.get(at.item.key).fields
    assert {name: after[name][0][-1] for name in TAILS} == {name: tail[-1] for name, tail in TAILS.items()}
    assert after["attempts"][0][7] == 9
    at.store.close()


TAILS: dict[str, list[Any]] = {"attempts": ["low"], "refunds": [{"by": "x"}], "flags": [7]}
