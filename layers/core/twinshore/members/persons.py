"""Whom benefits are found for: what we know of a member, read together."""

from __future__ import annotations

from typing import NamedTuple

from twinshore.members import grants, profile, standing
from twinshore.members.benefits import Person
from twinshore.members.grants import Purse
from twinshore.members.profile import UnknownMarket
from twinshore.members.standing import Members


class Asked(NamedTuple):
    market: str
    """"" where the caller names none: then where they are, then their home, then the default market."""
    here: str
    """Country of the request's address; "" if unknown."""
    now: int


def person_of(members: Members, purse: Purse, asked: Asked) -> Person:
    """Raises UnknownMarket."""
    markets = members.cells.markets
    if asked.market and asked.market not in markets:
        raise UnknownMarket("see the markets that bootstrap names")
    held = profile.read(members, purse.member_id)
    tier = standing.read(members, purse.member_id, asked.now)
    here = asked.here if asked.here in markets else ""
    market = asked.market or here or held.home_market or members.cells.default_market.country
    taken = {grant: (one.granted_at, one.valid_until) for grant, one in grants.taken(purse).items()}
    return Person(
        asked.now, members.cells, members.rules, held, tier.tier if tier else 0, market, here,
        grants.behaviour(purse), taken,
    )  # fmt: skip
