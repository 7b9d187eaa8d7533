"""What must be true, after everything has healed, of points that have crossed: both cells say the same of each exchange
and of each link, and their chains of receipts hold, agree, and account for every point."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Iterator, Mapping

from tests.simulation.place import CELLS, declared
from tests.simulation.plan import MEMBERS
from twinshore.exchange.exchanges import (
    CREDITED,
    EXCHANGED_IN,
    EXCHANGED_OUT,
    PENDING,
    SETTLED,
    Exchange,
    exchanges_of,
)
from twinshore.exchange.links import ASKING, OPEN, Link, link_key, link_of, links_of
from twinshore.exchange.rates import Rate, points_in
from twinshore.exchange.receipts import Receipt, first_broken, receipts_of
from twinshore.points.book import Entry
from twinshore.store.port import Key

if TYPE_CHECKING:
    from tests.simulation.world import World

LIMIT = 1000
Entries = Mapping[tuple[str, str], Mapping[str, Entry]]
"""By member and programme."""


def check(world: World, entries: Entries) -> None:
    receipts: dict[str, Receipt] = {}
    for link in {link.id for _, link in _links(world)}:
        _link_agrees(world, link)
        receipts |= {receipt.exchange: receipt for receipt in _chains_agree(world, link)}
    exchanges = {exchange.id: (cell, exchange) for cell, exchange in _exchanges(world)}
    for cell, exchange in exchanges.values():
        _decided(world, cell, exchange, receipts.get(exchange.id))
    if receipts.keys() - exchanges.keys():
        world.violated("nothing is credited that nobody has sent", receipts.keys() - exchanges.keys())
    _accounted(world, entries, list(receipts.values()))
    _settled(world)


def _settled(world: World) -> None:
    """Where there is a settlement report of a day, the two ledgers agree."""
    for here in CELLS:
        for other in CELLS:
            for item in world.places[here].engine.query(f"points-settlement#{other}", limit=LIMIT).items:
                if not item.fields["agrees"]:
                    world.violated("both ledgers agree on a day", f"{here} and {other}, {item.fields}")


def _links(world: World) -> Iterator[tuple[str, Link]]:
    for member in MEMBERS:
        for link in links_of(world.places[member.split("_")[1]].engine, member):
            yield member, link


def _exchanges(world: World) -> Iterator[tuple[str, Exchange]]:
    for member in MEMBERS:
        cell = member.split("_")[1]
        for exchange in exchanges_of(world.places[cell].engine, member, LIMIT, None)[0]:
            yield cell, exchange


def _link_agrees(world: World, link_id: str) -> None:
    items = [world.places[cell].engine.get(link_key(link_id)) for cell in CELLS]
    states = sorted(link_of(item).state for item in items if item is not None)
    if ASKING in states or (OPEN in states and states != [OPEN, OPEN]):
        world.violated("both cells say the same of a link", f"{link_id}: {states}")


def _chains_agree(world: World, link_id: str) -> list[Receipt]:
    kept = [receipts_of(world.places[cell].engine, link_id, LIMIT, None)[0] for cell in CELLS]
    there = [receipts for receipts in kept if receipts]
    if there and (len(there) != 2 or there[0] != there[1]):
        world.violated("both cells keep the same receipts", f"{link_id}: {[len(each) for each in kept]}")
    broken = next((found for each in there if (found := first_broken(each, declared()))), None)
    if broken:
        world.violated("a chain of receipts holds", f"{link_id}: {broken}")
    return [receipt for receipts in there for receipt in receipts]


def _decided(world: World, cell: str, exchange: Exchange, receipt: Receipt | None) -> None:
    facts = f"{exchange.id} of {exchange.member_id}: {exchange.state} {exchange.reason}"
    if exchange.state == PENDING:
        world.violated("no exchange is left undecided", facts)
        return
    decision = world.places[exchange.other].engine.get(Key(f"points-credit#{cell}#{exchange.id}", "decision"))
    said = decision.fields["answer"]["outcome"] if decision else "nothing"
    if (exchange.state == SETTLED) != (said == CREDITED) or (exchange.state == SETTLED) != (receipt is not None):
        world.violated("both cells say the same of an exchange", f"{facts}, there {said}, receipt {receipt}")
    if receipt is not None:
        rate = Rate(receipt.rate_times, receipt.rate_over, receipt.fee)
        terms = (exchange.points_out, exchange.points_in)
        if (receipt.points_out, points_in(receipt.points_out, rate)) != terms or receipt.points_in != terms[1]:
            world.violated("points cross at the rate of the receipt", f"{facts}: {receipt}")


def _accounted(world: World, entries: Entries, receipts: list[Receipt]) -> None:
    """Over all cells: what left a programme, and what came to another, is what the receipts say, to the point."""
    moved: Counter[tuple[str, str]] = Counter()
    for (_, programme), found in entries.items():
        for entry in found.values():
            for account, points in entry.lines:
                if account in (EXCHANGED_OUT, EXCHANGED_IN):
                    moved[account, programme] += points
    for receipt in receipts:
        moved[EXCHANGED_OUT, receipt.from_programme] -= receipt.points_out
        moved[EXCHANGED_IN, receipt.to_programme] += receipt.points_in
    if any(moved.values()):
        world.violated("what left one programme came to another", dict(moved))
