"""Which benefits to show first, and why: rules, in both languages. What a rule is worth shows in the click log."""

from __future__ import annotations

from typing import Callable, Mapping, NamedTuple

from twinshore.members.benefits import BIRTHDAY, HOME, SEASON, TRAVEL, Offer, Person, offers
from twinshore.members.markets import about

BEHAVIOUR_LIMIT = 30
"""The most that habits add, so that what passes soonest stays in front."""


class Reason(NamedTuple):
    rule: str
    score: int
    en: str
    zh: str


class Recommendation(NamedTuple):
    offer: Offer
    reasons: tuple[Reason, ...]
    """Weightiest first; the first is the one that is measured."""
    taken: bool

    @property
    def score(self) -> int:
        return sum(reason.score for reason in self.reasons)


def recommend(person: Person) -> list[Recommendation]:
    """What is open now, best first; what was taken already last. The same person gets the same order."""
    found = []
    for offer in offers(person):
        reasons = sorted((r for rule in RULES.values() if (r := rule(offer, person))), key=lambda r: (-r.score, r.rule))
        if reasons:
            found.append(Recommendation(offer, tuple(reasons), offer.grant in person.granted))
    return sorted(found, key=lambda each: (each.taken, -each.score, each.offer.benefit.id))


def _birthday(offer: Offer, person: Person) -> Reason | None:
    if offer.benefit.kind != BIRTHDAY:
        return None
    return Reason("birthday", 100, "Happy birthday", "生日快乐，这是您的生日礼遇")


def _travel(offer: Offer, person: Person) -> Reason | None:
    if offer.benefit.kind != TRAVEL:
        return None
    place = about(person.cells, person.here)
    return Reason("travel", 90, f"You are in {place.en} now", f"您目前在{place.zh}")


def _season(offer: Offer, person: Person) -> Reason | None:
    if offer.benefit.kind != SEASON:
        return None
    name = person.cells.markets[person.market].campaigns[person.season]
    return Reason("season", 80, f"It is {name} time", f"{name}活动进行中")


def _tier(offer: Offer, person: Person) -> Reason | None:
    if not offer.benefit.tier:
        return None
    tier = person.rules.tiers[person.rules.rank(offer.benefit.tier)]
    return Reason("tier", 60, f"For {tier.title_en} members and up", f"{tier.title_zh}及以上专享")


def _market(offer: Offer, person: Person) -> Reason | None:
    if offer.benefit.kind != HOME and person.market not in offer.benefit.markets:
        return None
    place = about(person.cells, person.market)
    return Reason("market", 40, f"For members in {place.en}", f"{place.zh}会员专享")


def _behaviour(offer: Offer, person: Person) -> Reason | None:
    times = person.behaviour.get(offer.benefit.category, 0)
    if not times:
        return None
    score = min(10 * times, BEHAVIOUR_LIMIT)
    return Reason("behaviour", score, f"Like {times} of your redemptions", f"与您的{times}次兑换偏好相符")


RULES: Mapping[str, Callable[[Offer, Person], Reason | None]] = {
    "birthday": _birthday, "travel": _travel, "season": _season, "tier": _tier, "market": _market,
    "behaviour": _behaviour,
}  # fmt: skip
"""Each says why an offer suits a person, or nothing. The report has a row for each."""
