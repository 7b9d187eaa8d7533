"""What must be true after everything has healed, whatever has happened before. Read from the engines, past the doors
and the weather; what members were told is asked again at the doors."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Iterator, NamedTuple

from tests.simulation import accounts, crossing, shelves
from tests.simulation.place import CELLS
from tests.simulation.plan import MEMBERS, MINOR, REWARDS
from twinshore.points.book import (
    EARN,
    EXPIRED,
    GIFTS,
    GIVE,
    HELD,
    HOLD,
    ISSUED,
    MEMBER,
    PENDING,
    RECEIVE,
    REDEEM,
    REFUND,
    TAKE_BACK,
    Entry,
    Ledger,
    all_entries,
    balance_of,
    entry_id,
)
from twinshore.points.programmes import PROGRAMMES
from twinshore.points.standing import standing

if TYPE_CHECKING:
    from tests.simulation.actors import Actors, Told
    from tests.simulation.shoppers import Shoppers
    from tests.simulation.world import World


class Book(NamedTuple):
    ledger: Ledger
    entries: dict[str, Entry]


Books = dict[tuple[str, str], Book]
"""By member and programme."""


def check(world: World, actors: Actors, shoppers: Shoppers | None) -> None:
    books = {
        (member, programme): Book(ledger, {entry.id: entry for entry in all_entries(ledger)})
        for member, programme, ledger in _ledgers(world)
    }
    for (member, programme), book in books.items():
        if book.entries:
            _sound(world, f"{member} {programme}", book)
    _conserved(world, books)
    _once(world, actors, books)
    for told in actors.told.values():
        _still_true(world, told, books)
    _checked_in(world, books)
    shelves.check(world)
    entries = {key: book.entries for key, book in books.items()}
    crossing.check(world, entries)
    if shoppers is not None:
        accounts.check(world, shoppers, entries)
    _quiet(world, actors)


def _ledgers(world: World) -> Iterator[tuple[str, str, Ledger]]:
    for member in MEMBERS:
        place = world.places[member.split("_")[1]]
        for programme in PROGRAMMES:
            yield member, programme, Ledger(place.engine, place.residency, member, programme)


def default_of(member: str) -> str:
    return "mainland" if member.split("_")[1] == "cn" else "overseas"


def _sound(world: World, whose: str, book: Book) -> None:
    """One account: its items say what its entries say."""
    ledger, entries = book
    sums = _sums(entries.values())
    account = ledger.store.get(ledger.account)
    now = standing(ledger)
    facts = f"{whose}: account {balance_of(account)}, lines {dict(sums)}, lots {now}"
    if any(sum(points for _, points in entry.lines) for entry in entries.values()):
        world.violated("every entry's lines cancel", facts)
    if not sums[MEMBER] == balance_of(account) == now.spendable:
        world.violated("the balance is the sum of the lines, and of the live lots", facts)
    if min(balance_of(account), sums[HELD], sums[PENDING], now.spendable) < 0:
        world.violated("nothing is below zero", facts)
    waiting = {HOLD: 0, PENDING: 0}
    for item in ledger.store.query(ledger.partition, f"account#{ledger.terms.name}#", limit=1000).items:
        kind = item.key.sort.split("#")[2]
        if kind in waiting and item.fields.get("state", "open") == "open":
            waiting[kind] += item.fields["points"]
            if kind == HOLD:
                world.violated("no hold is stuck", f"{whose}: {item.fields}")
    if (waiting[HOLD], waiting[PENDING]) != (sums[HELD], sums[PENDING]):
        world.violated("what is held and pending is what the entries say", f"{facts}, items {waiting}")
    if now.lots and (account is None or account.due is None or account.due.at > now.lots[0].expires_at):
        world.violated("an account is due when its first lot expires", facts)


def _conserved(world: World, books: Books) -> None:
    """Of each programme, over all cells: what was issued is held, spent, expired or there."""
    for programme in PROGRAMMES:
        sums: Counter[str] = Counter()
        for (_, of), book in books.items():
            if of == programme:
                sums.update(_sums(book.entries.values()))
                sums["accounts"] += balance_of(book.ledger.store.get(book.ledger.account))
        spent = sum(points for account, points in sums.items() if account.startswith("house:") and account != ISSUED)
        if -sums[ISSUED] != sums["accounts"] + sums[HELD] + sums[PENDING] + spent:
            world.violated("issued = held + spent + expired + outstanding", f"{programme}: {dict(sums)}")
        if sums[GIFTS]:
            world.violated("what one gives another receives", f"{programme}: {dict(sums)}")
        if sums[EXPIRED] < 0:
            world.violated("nothing comes back from what has expired", f"{programme}: {dict(sums)}")


def _sums(entries: object) -> Counter[str]:
    sums: Counter[str] = Counter()
    for entry in entries:  # type: ignore[attr-defined]
        for account, points in entry.lines:
            sums[account if account.startswith("house:") else account.partition(":")[0]] += points
    return sums


def _once(world: World, actors: Actors, books: Books) -> None:
    """Nothing is counted twice: each wish has at most one entry, and each kept promise exactly one."""
    for member in MEMBERS:
        entries = books[member, default_of(member)].entries.values()
        for kind, action_kinds in ((REDEEM, ("redeem",)), (GIVE, ("gift",)), (HOLD, ("hold", "exchange"))):
            wishes = [a for a in actors.actions.values() if a.kind in action_kinds and a.member == member and
                      a.id in actors.calls]  # fmt: skip
            found = sorted(-entry.points for entry in entries if entry.kind == kind)
            wanted = Counter(REWARDS[a.facts["reward"]] if kind == REDEEM else a.facts["points"] for a in wishes)
            if Counter(found) - wanted:
                world.violated("nothing is counted twice", f"{member}: {kind} {found}, asked for {dict(wanted)}")
        backs = Counter(entry.of for entry in entries if entry.kind == REFUND)
        if any(count > 1 for count in backs.values()):
            world.violated("nothing is counted twice", f"{member}: refunds {dict(backs)}")
        ended = Counter(entry.of for entry in entries if entry.kind in ("settle", "release"))
        if any(count > 1 for count in ended.values()):
            world.violated("a hold ends once", f"{member}: {dict(ended)}")
    for action in actors.actions.values():
        if action.kind == "order" and action.id in actors.told:
            _credited(world, action.id, action.member, action.facts["minor"] // MINOR[action.cell], books)


def _credited(world: World, order: str, member: str, points: int, books: Books) -> None:
    entries = books[member, default_of(member)].entries
    found = [entry.amount for entry in entries.values() if entry.kind == EARN and entry.reason == order]
    if found != [points]:
        world.violated("what was paid is credited once", f"{order} of {member}: {points} points, found {found}")


def _still_true(world: World, told: Told, books: Books) -> None:
    """What a door has said with a 2xx is so."""
    action, said = told.action, told.answer
    # An action about another one speaks of that one's member.
    member = str(told.call.body.get("member_id", action.member)) if told.call.body else action.member
    programme = action.facts.get("programme") or default_of(member)
    entries = books[member, programme].entries
    identity = {"redeem": "id", "gift": "id", "refund": "id", "earn": "entry", "end": "entry", "hold": "hold"}
    if action.kind in identity:
        entry = entries.get(said[identity[action.kind]])
        if entry is None or ("points" in said and entry.amount != abs(said["points"])):
            world.violated("an acknowledged answer is still true", f"{action.id} was told {said}, there is {entry}")
    if action.kind == "gift":
        theirs = books[action.facts["to"], programme].entries
        come = theirs.get(entry_id(RECEIVE, f"{member}:{said['id']}"))
        if come is None or come.points != action.facts["points"]:
            world.violated("what one gives another receives", f"{action.id}: {come}")
    if action.kind == "return":
        _returned(world, told, member, books)


def _checked_in(world: World, books: Books) -> None:
    """The points of each day on which a member has checked in."""
    for member in MEMBERS:
        engine = world.places[member.split("_")[1]].engine
        days = engine.query(f"membership#{member}", "check-in#", limit=1000).items
        entries = books[member, default_of(member)].entries.values()
        found = sorted(entry.points for entry in entries if entry.reason == "check_in")
        if found != sorted(item.fields["credited"] for item in days):
            world.violated("a check-in is credited once", f"{member}: {found}, {days}")


def _returned(world: World, told: Told, member: str, books: Books) -> None:
    order = told.action.facts["of"]
    entries = books[member, default_of(member)].entries
    backs = [entry for entry in entries.values() if entry.kind == TAKE_BACK and entry.reason == order]
    if len(backs) != 1:
        world.violated("a return is counted once", f"{order}: {backs}")


def _quiet(world: World, actors: Actors) -> None:
    for cell in CELLS:
        waiting = actors.delivery.waiting(cell)
        if waiting:
            world.violated("all news has been heard", f"{cell}: {waiting}")
        place = world.places[cell]
        for queue in sorted(place.due_queues(int(world.now) - 1)):
            late = place.engine.due(queue, int(world.now) - 1)
            if late:
                world.violated("timers leave nothing behind", f"{cell} {queue}: {late}")
