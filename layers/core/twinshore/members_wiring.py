"""How members are plugged in: the programme of this cell, who is told what, and what a door hands to the room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

from twinshore import deployment

if TYPE_CHECKING:
    from twinshore.events import Event
    from twinshore.members.benefits import Person
    from twinshore.members.check_ins import Desk
    from twinshore.members.grants import Purse
    from twinshore.members.standing import Members
    from twinshore.outbox import Consumers
    from twinshore.points.book import Ledger
    from twinshore.store.port import Store
    from twinshore.web import Request

    Book = Callable[[str], Ledger]


def members_in(store: Store) -> Members:
    """The programme's days are the cell's: its zone stands in infra/cells.toml."""
    from twinshore.members.standing import Members
    from twinshore.members.tiers import Rules

    return Members(store, deployment.residency(), deployment.cells(), Rules(deployment.cell().time_zone))


def desk_at(book: Book, request: Request) -> Desk:
    """Where the caller checks in, by the clock of their profile's time zone."""
    from twinshore.members import profile
    from twinshore.members.check_ins import Desk

    own = book(request.session.member_id)
    zone = profile.read(members_in(own.store), own.member_id).time_zone
    return Desk(own.store, deployment.residency(), own.member_id, zone, _credit(own, request.now))


def purse_at(book: Book, request: Request) -> Purse:
    from twinshore.members.grants import Purse

    own = book(request.session.member_id)
    return Purse(own.store, deployment.residency(), own.member_id, _credit(own, request.now))


def person_at(book: Book, country_of: Callable[[str], str | None], request: Request, market: str) -> Person:
    """The caller, in front of the benefits. `country_of`: an address, for where they are now."""
    from twinshore.members.persons import Asked, person_of

    purse = purse_at(book, request)
    return person_of(members_in(purse.store), purse, Asked(market, country_of(request.client_ip) or "", request.now))


def and_members(own: Consumers, store: Callable[[], Store], book: Book, now: Callable[[], int]) -> Consumers:
    """Behind what others do: purchases count for tiers, redemptions for recommendations; points that a request had
    committed but not yet credited are credited."""
    from twinshore.members import consumers, grants
    from twinshore.points.rewards import points_for

    def purchased(event: Event) -> None:
        consumers.purchased(event, members_in(store()), points_for, now())

    def returned(event: Event) -> None:
        consumers.returned(event, members_in(store()), points_for, now())

    def redeemed(event: Event) -> None:
        grants.redeemed(event, store(), now())

    def credited(event: Event) -> None:
        consumers.credited(event, _credit(book(str(event.data["member_id"])), now()))

    more: Consumers = {
        "payment.captured": (purchased,), "payment.refunded": (returned,), "dispute.lost": (returned,),
        "payment.lost": (returned,),
        "points.redeemed": (redeemed,), "member.checked_in": (credited,), "member.benefit_granted": (credited,),
    }  # fmt: skip
    return {name: (*own.get(name, ()), *more.get(name, ())) for name in {**own, **more}}


def settle_tiers(store: Store, now: int) -> int:
    """The job: cycles and graces that have ended."""
    from twinshore.members.standing import settle_due

    return settle_due(members_in(store), now)


def _credit(book: Ledger, now: int) -> Callable[[int, str, str], object]:
    from twinshore.points.ledger import earn

    return lambda points, cause, reason: earn(book, points, cause, reason, now)
