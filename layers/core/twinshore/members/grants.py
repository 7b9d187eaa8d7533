"""Benefits that a member has taken: once per period, with their validity.

membership#<member id>  benefit#<grant>  -> granted_at, valid_from, valid_until; gone a year after it ran out
                        behaviour        -> redemptions by category
"""

from __future__ import annotations

import hashlib
from typing import Callable, NamedTuple

from twinshore.cells import Residency
from twinshore.errors import Conflict
from twinshore.events import Event
from twinshore.members.benefits import BENEFITS, Benefit, Offer, Person, find_benefit, offer
from twinshore.members.standing import partition_of
from twinshore.store.port import CommitConflict, Create, Increment, Item, Key, Store

KEPT_SECONDS = 400 * 86_400
"""After it ran out: longer than a year, so that a birthday's grant is seen at the next one."""
GRANTS_LIMIT = 500
REASON = "membership"
CATEGORIES = {"coffee_voucher": "coffee", "food_coupon": "food", "taxi_coupon": "taxi", "lounge_access": "lounge"}
"""Of rewards, as behaviour is counted; an event may name its own."""
HEARD_SECONDS = 90 * 86_400
"""Longer than an event is ever told again."""


class BenefitNotOpen(Conflict):
    slug = "benefit-not-open"
    title_en = "This benefit is not open to you now"
    title_zh = "该权益当前不可领取"


class Purse(NamedTuple):
    store: Store
    residency: Residency
    member_id: str
    credit: Callable[[int, str, str], object]
    """Points, cause, reason -> credited, once per cause."""


class Grant(NamedTuple):
    benefit: Benefit
    granted_at: int
    valid_from: int
    valid_until: int


def take(purse: Purse, name: str, person: Person) -> Grant:
    """Grant a benefit; the same grant again answers with the first. Raises UnknownBenefit, BenefitNotOpen."""
    found = offer(find_benefit(name), person)
    if found is None:
        raise BenefitNotOpen("see GET /v1/benefits for what is open")
    grant = _granted(purse, found, person.now)
    if found.benefit.points:
        purse.credit(found.benefit.points, _cause(purse.member_id, found.grant), REASON)
    return grant


def taken(purse: Purse) -> dict[str, Grant]:
    """By `Offer.grant`; what ran out long ago is not there."""
    page = purse.store.query(partition_of(purse.member_id), "benefit#", limit=GRANTS_LIMIT)
    items = {item.key.sort.partition("#")[2]: item for item in page.items}
    return {grant: _grant(purse, grant, item) for grant, item in items.items() if grant.partition("#")[0] in BENEFITS}


def behaviour(purse: Purse) -> dict[str, int]:
    item = purse.store.get(Key(partition_of(purse.member_id), "behaviour"))
    if item is None:
        return {}
    return {name: count for name, count in item.fields.items() if isinstance(count, int) and count > 0}


def redeemed(event: Event, store: Store, now: int) -> None:
    """`points.redeemed`: one more of its category. Once per event. Categories and counts only, nothing personal."""
    member_id = str(event.data["member_id"])
    category = str(event.data.get("category") or CATEGORIES.get(str(event.data.get("reward", "")), "other"))
    heard = Key(partition_of(member_id), f"heard#{hashlib.sha256(event.id.encode()).hexdigest()[:32]}")
    try:
        store.commit(
            Create(heard, {"at": event.at}, expires_at=now + HEARD_SECONDS),
            Increment(Key(partition_of(member_id), "behaviour"), category[:40], 1),
        )
    except CommitConflict:
        return


def _granted(purse: Purse, found: Offer, now: int) -> Grant:
    key = Key(partition_of(purse.member_id), f"benefit#{found.grant}")
    fields = purse.residency.label(
        {"granted_at": now, "valid_from": found.valid_from, "valid_until": found.valid_until}, purse.residency.here
    )
    cause = _cause(purse.member_id, found.grant)
    data = {"member_id": purse.member_id, "benefit": found.benefit.id, "points": found.benefit.points,
            "cause": cause, "reason": REASON}  # fmt: skip
    try:
        purse.store.commit(
            Create(key, fields, expires_at=found.valid_until + KEPT_SECONDS),
            events=(Event(f"member.benefit_granted:{cause}", "member.benefit_granted", now, data),),
        )
    except CommitConflict as conflict:
        if conflict.current is not None:
            return _grant(purse, found.grant, conflict.current)
    return Grant(found.benefit, now, found.valid_from, found.valid_until)


def _grant(purse: Purse, grant: str, item: Item) -> Grant:
    fields = purse.residency.check(item.fields)
    return Grant(BENEFITS[grant.partition("#")[0]], fields["granted_at"], fields["valid_from"], fields["valid_until"])


def _cause(member_id: str, grant: str) -> str:
    return f"benefit:{member_id}:{grant}"
