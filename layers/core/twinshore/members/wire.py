"""Wire models of the members and benefits doors."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from twinshore.errors import Misdirected
from twinshore.members import streak as streaks
from twinshore.members import tiers
from twinshore.members.benefits import UnknownBenefit
from twinshore.members.check_ins import Credited, Desk, days_of, load
from twinshore.members.click_log import BenefitNotShown, ReportTooLong, Row
from twinshore.members.days import UnknownTimeZone, rfc3339
from twinshore.members.grants import BenefitNotOpen, Grant
from twinshore.members.make_ups import DayNotMissed, MakeUpOutOfReach, NoMakeUpCard
from twinshore.members.profile import BirthdayChangedLately, BirthdayInvalid, Profile, UnknownMarket
from twinshore.members.profile import read as read_profile
from twinshore.members.recommending import Recommendation
from twinshore.members.standing import History, Members
from twinshore.members.standing import read as read_standing
from twinshore.models import BaseModel, ConfigDict, Field

PROFILE = (UnknownMarket, UnknownTimeZone, BirthdayInvalid, BirthdayChangedLately, Misdirected)
MAKING_UP = (DayNotMissed, MakeUpOutOfReach, NoMakeUpCard)
SHOWING = (UnknownMarket,)
TAKING = (UnknownBenefit, BenefitNotOpen, UnknownMarket)
CLICKING = (UnknownBenefit, BenefitNotShown)
REPORTING = (ReportTooLong,)
MONTH = r"^20[0-9]{2}-(0[1-9]|1[0-2])$"
Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]


class Words(BaseModel):
    en: str
    zh: str


class ProfileIn(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    home_market: str = Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2, a market of this cell")
    languages: list[Language] = Field(default=[], max_length=5, description="BCP 47, preferred first")
    time_zone: str = Field(default="", max_length=64, description="IANA; left out: the home market's")
    birthday: str = Field(default="", pattern=r"^(([0-9]{4}-)?[0-9]{2}-[0-9]{2})?$",
                          description="MM-DD; of a whole date the year is not kept; left out: removed")  # fmt: skip

    def wanted(self) -> Profile:
        return Profile(self.home_market, tuple(self.languages), self.time_zone, self.birthday)


class TierOut(BaseModel):
    name: str
    title: Words
    points: int = Field(ge=0, description="qualifying points of this cycle")
    cycle_ends_at: str | None = None
    grace_ends_at: str | None = Field(default=None, description="until then the tier can still be kept")
    next: str | None = None
    next_in_points: int | None = None


class MemberOut(BaseModel):
    member_id: str
    home_market: str | None = None
    languages: list[str]
    time_zone: str
    birthday: str | None = Field(default=None, description="MM-DD")
    tier: TierOut

    @classmethod
    def of(cls, members: Members, member_id: str, now: int) -> MemberOut:
        held = read_profile(members, member_id)
        tier = tier_out(members.rules, read_standing(members, member_id, now))
        return cls(member_id=member_id, home_market=held.home_market or None, languages=list(held.languages),
                   time_zone=held.time_zone, birthday=held.birthday or None, tier=tier)  # fmt: skip


class TierChangeOut(BaseModel):
    at: str
    before: str = Field(description="a tier's name")
    after: str
    reason: str = Field(description="points_reached, purchase_refunded or cycle_ended")


class TierChanges(BaseModel):
    items: list[TierChangeOut]

    @classmethod
    def of(cls, changes: list[History]) -> TierChanges:
        return cls(items=[TierChangeOut(at=rfc3339(change.at), before=change.before, after=change.after,
                                        reason=change.reason) for change in changes])  # fmt: skip


class MakeUpRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    date: date


class CheckInOut(BaseModel):
    date: str = Field(description="in the member's time zone")
    day: int = Field(description="of the week of rewards, 1 to 7")
    points: int = Field(description="credited for it, once")
    streak: int = Field(description="days in a row now")
    cards: int = Field(description="make-up cards held")

    @classmethod
    def of(cls, done: Credited) -> CheckInOut:
        return cls(date=done.day.on.isoformat(), day=streaks.day_of_week(done.day.streak), points=done.points,
                   streak=done.streak.length, cards=done.streak.cards)  # fmt: skip


class MonthQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    month: str | None = Field(default=None, pattern=MONTH, description="left out: the member's present one")


class MonthDayOut(BaseModel):
    date: str
    day: int
    points: int
    made_up: bool


class MonthOut(BaseModel):
    month: str
    today: str
    checked_in: bool = Field(description="today")
    streak: int
    next_day: int = Field(description="of the week of rewards, if the next check-in is in time")
    next_points: int
    rewards: list[int] = Field(description="points of the first to the seventh day: fixed, the same for everyone")
    cards: int = Field(description="make-up cards held")
    cards_usable: int = Field(description="today, within the month's limit")
    card_reach_days: int
    days: list[MonthDayOut]

    @classmethod
    def of(cls, desk: Desk, query: MonthQuery, now: int) -> MonthOut:
        _, streak = load(desk)
        today = streaks.today_of(streak, desk.zone, now)
        alive = streak is not None and streaks.goes_on(streak, desk.zone, now)
        length = streak.length if streak and alive else 0
        month = query.month or streaks.month_of(today)
        days = [MonthDayOut(date=day.on.isoformat(), day=streaks.day_of_week(day.streak), points=day.points,
                       made_up=day.made_up) for day in days_of(desk, month)]  # fmt: skip
        return cls(
            month=month, today=today.isoformat(), checked_in=streak is not None and streak.last_on == today,
            streak=length, next_day=streaks.day_of_week(length + 1), next_points=streaks.reward(length + 1),
            rewards=list(streaks.REWARDS), cards=streak.cards if streak else 0,
            cards_usable=streak.cards_left(today) if streak else 0, card_reach_days=streaks.REACH_DAYS, days=days,
        )  # fmt: skip


class BenefitsQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    market: str = Field(default="", pattern=r"^([A-Z]{2})?$", description="left out: where the request comes from")


class GrantRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    market: str = Field(default="", pattern=r"^([A-Z]{2})?$", description="as it was listed for")


class ReasonOut(BaseModel):
    rule: str
    text: Words


class BenefitOut(BaseModel):
    id: str
    title: Words
    category: str
    valid_from: str
    valid_until: str
    points: int = Field(description="credited when it is taken")
    taken: bool
    reasons: list[ReasonOut]

    @classmethod
    def of(cls, found: Recommendation) -> BenefitOut:
        benefit = found.offer.benefit
        reasons = [ReasonOut(rule=each.rule, text=Words(en=each.en, zh=each.zh)) for each in found.reasons]
        return cls(id=benefit.id, title=Words(en=benefit.title_en, zh=benefit.title_zh), category=benefit.category,
                   valid_from=rfc3339(found.offer.valid_from), valid_until=rfc3339(found.offer.valid_until),
                   points=benefit.points, taken=found.taken, reasons=reasons)  # fmt: skip


class BenefitsOut(BaseModel):
    market: str
    items: list[BenefitOut] = Field(description="best first, what was taken last")

    @classmethod
    def of(cls, market: str, found: list[Recommendation]) -> BenefitsOut:
        return cls(market=market, items=[BenefitOut.of(each) for each in found])


class GrantOut(BaseModel):
    id: str
    title: Words
    granted_at: str
    valid_from: str
    valid_until: str

    @classmethod
    def of(cls, grant: Grant) -> GrantOut:
        title = Words(en=grant.benefit.title_en, zh=grant.benefit.title_zh)
        return cls(id=grant.benefit.id, title=title, granted_at=rfc3339(grant.granted_at),
                   valid_from=rfc3339(grant.valid_from), valid_until=rfc3339(grant.valid_until))  # fmt: skip


class GrantsOut(BaseModel):
    items: list[GrantOut] = Field(description="valid now")

    @classmethod
    def of(cls, found: dict[str, Grant], now: int) -> GrantsOut:
        valid = [grant for grant in found.values() if now < grant.valid_until]
        return cls(items=[GrantOut.of(grant) for grant in sorted(valid, key=lambda g: (g.valid_until, g.benefit.id))])


class ReportQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    first: date
    last: date


class RuleOut(BaseModel):
    rule: str
    shown: int = Field(description="once per member, benefit and UTC day")
    clicked: int
    clicked_per_10000: int


class ReportOut(BaseModel):
    items: list[RuleOut]

    @classmethod
    def of(cls, rows: list[Row]) -> ReportOut:
        return cls(items=[RuleOut(**row._asdict(), clicked_per_10000=row.clicked * 10_000 // (row.shown or 1))
                          for row in rows])  # fmt: skip


def tier_out(rules: tiers.Rules, standing: tiers.Standing | None) -> TierOut:
    rank = standing.tier if standing else 0
    points = max(standing.points, 0) if standing else 0
    tier, above = rules.tiers[rank], rules.tiers[rank + 1 :]
    ends = rfc3339(tiers.cycle_start(rules, standing, standing.cycle + 1)) if standing else None
    turn = tiers.next_turn(rules, standing) if standing and standing.before is not None else None
    return TierOut(
        name=tier.name, title=Words(en=tier.title_en, zh=tier.title_zh), points=points, cycle_ends_at=ends,
        grace_ends_at=rfc3339(turn) if turn is not None else None, next=above[0].name if above else None,
        next_in_points=max(above[0].threshold - points, 0) if above else None,
    )  # fmt: skip


def measured(found: list[Recommendation]) -> dict[str, str]:
    """What the click log notes: benefit -> the rule that put it there."""
    return {each.offer.benefit.id: each.reasons[0].rule for each in found}
