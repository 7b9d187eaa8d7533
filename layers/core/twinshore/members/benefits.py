"""Benefits as data: what there is, to whom it is open, for which period it is granted once, and how long it holds."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Mapping, NamedTuple

from twinshore.cells import Cells
from twinshore.errors import NotFound
from twinshore.members.days import in_year, local_date, start_of
from twinshore.members.profile import Profile
from twinshore.members.tiers import Rules

BIRTHDAY, HOME, TRAVEL, TIER, SEASON = "birthday", "home", "travel", "tier", "season"
MONTH, YEAR = "month", "year"
BIRTHDAY_DAYS = 14
"""The window opens on the birthday and is open for so many days."""
BIRTHDAY_GAP_DAYS = 300
"""Between two birthday grants, so that a changed birthday brings nothing early."""
SEASONS = {"double_eleven": ((11, 1), (11, 13))}
"""First day, and the day after the last, of the campaigns that infra/cells.toml names for each market."""


class UnknownBenefit(NotFound):
    slug = "unknown-benefit"
    title_en = "There is no such benefit"
    title_zh = "没有该权益"


class Benefit(NamedTuple):
    id: str
    kind: str
    """What opens it: BIRTHDAY, HOME, TRAVEL, TIER or SEASON."""
    title_en: str
    title_zh: str
    category: str
    """As behaviour is counted: coffee, food, taxi, lounge, points."""
    period: str = MONTH
    """Once per MONTH or YEAR, of the member's own calendar; a travel benefit besides once per market."""
    valid_days: int = 14
    points: int = 0
    """Credited at the grant."""
    tier: str = ""
    """Open from this tier up; "" for everyone."""
    markets: tuple[str, ...] = ()
    """Where it is of use; empty: everywhere."""


BENEFITS = {
    benefit.id: benefit
    for benefit in (
        Benefit("birthday_points", BIRTHDAY, "Birthday points", "生日积分", "points", YEAR, points=88),
        Benefit("birthday_coffee", BIRTHDAY, "A birthday coffee", "生日咖啡一杯", "coffee", YEAR, tier="silver"),
        Benefit("home_meal", HOME, "A meal coupon at home", "本地美食券", "food"),
        Benefit("home_ride", HOME, "A ride in your city", "本地打车券", "taxi", tier="silver"),
        Benefit("travel_ride", TRAVEL, "An airport ride", "机场接送打车券", "taxi", valid_days=7),
        Benefit("travel_lounge", TRAVEL, "An airport lounge visit", "机场贵宾厅一次", "lounge", tier="gold"),
        Benefit("tier_coffee", TIER, "A coffee a month", "每月咖啡一杯", "coffee", tier="silver", valid_days=31),
        Benefit("tier_lounge", TIER, "Two lounge visits", "贵宾厅两次", "lounge", YEAR, 365, tier="gold"),
        Benefit("tier_points", TIER, "Platinum points", "白金会员积分", "points", YEAR, 365, 800, tier="platinum"),
        Benefit("season_points", SEASON, "Festival points", "购物节积分", "points", YEAR, points=11),
        Benefit("season_meal", SEASON, "A festival meal coupon", "购物节美食券", "food", YEAR,
                markets=("CN", "SG", "MY", "TH", "ID")),
    )
}  # fmt: skip


class Person(NamedTuple):
    """Whom benefits are found for, at one moment."""

    now: int
    cells: Cells
    rules: Rules
    profile: Profile
    tier: int
    """Rank."""
    market: str
    """The market that is asked about."""
    here: str
    """Country that the request comes from; "" if unknown."""
    behaviour: Mapping[str, int]
    """Redemptions by category."""
    granted: Mapping[str, tuple[int, int]]
    """By grant (see `Offer.grant`): the time of the grant, and until when it is valid."""

    @property
    def today(self) -> date:
        return local_date(self.now, self.profile.time_zone)

    @property
    def season(self) -> str:
        """The campaign that runs in the market, by its name in infra/cells.toml."""
        open_now = (
            name
            for name in self.cells.markets[self.market].campaigns
            if name in SEASONS and SEASONS[name][0] <= (self.today.month, self.today.day) < SEASONS[name][1]
        )
        return next(open_now, "")  # fmt: skip

    @property
    def travels(self) -> bool:
        """In a market of ours now, and not at home: the request's country says so, not the caller."""
        return self.here in self.cells.markets and self.profile.home_market not in ("", self.here)


class Offer(NamedTuple):
    benefit: Benefit
    grant: str
    """Benefit and period: what is granted once."""
    valid_from: int
    valid_until: int


def find_benefit(name: str) -> Benefit:
    """Raises UnknownBenefit."""
    if name not in BENEFITS:
        raise UnknownBenefit("see GET /v1/benefits")
    return BENEFITS[name]


def offers(person: Person) -> list[Offer]:
    """Everything that is open to this person now, granted already or not."""
    found = (offer(benefit, person) for benefit in BENEFITS.values())
    return [each for each in found if each is not None]


def offer(benefit: Benefit, person: Person) -> Offer | None:
    if benefit.tier and person.tier < person.rules.rank(benefit.tier):
        return None
    where = person.here if benefit.kind == TRAVEL else person.market
    if benefit.markets and where not in benefit.markets:
        return None
    if benefit.kind == BIRTHDAY:
        return _birthday(benefit, person)
    is_open = {
        HOME: person.market == person.profile.home_market, TRAVEL: person.travels, TIER: True,
        SEASON: bool(person.season),
    }  # fmt: skip
    return _of_period(benefit, person) if is_open[benefit.kind] else None


def _of_period(benefit: Benefit, person: Person) -> Offer:
    """Valid for its days from the grant, or from now where there is none yet."""
    today = person.today
    period = f"{today:%Y-%m}" if benefit.period == MONTH else f"{today:%Y}"
    place = f"#{person.here}" if benefit.kind == TRAVEL else ""
    grant = f"{benefit.id}#{period}{place}"
    began = person.granted[grant][0] if grant in person.granted else person.now
    first = local_date(began, person.profile.time_zone)
    until = start_of(first + timedelta(days=benefit.valid_days), person.profile.time_zone)
    return Offer(benefit, grant, began, until)


def _birthday(benefit: Benefit, person: Person) -> Offer | None:
    window = birthday_window(person.profile.birthday, person.today)
    if window is None:
        return None
    opens, zone = window, person.profile.time_zone
    grant = f"{benefit.id}#{opens:%Y}"
    near = BIRTHDAY_GAP_DAYS * 86_400
    for other, (at, _) in person.granted.items():
        if other != grant and other.startswith(f"{benefit.id}#") and person.now - at < near:
            return None
    return Offer(benefit, grant, start_of(opens, zone), start_of(opens + timedelta(days=BIRTHDAY_DAYS), zone))


def birthday_window(birthday: str, today: date) -> date | None:
    """The day on which the window that is open today opened; None if none is. A window may reach into January."""
    if not birthday:
        return None
    month, day = int(birthday[:2]), int(birthday[3:])
    for year in (today.year, today.year - 1):
        opens = in_year(month, day, year)
        if opens <= today < opens + timedelta(days=BIRTHDAY_DAYS):
            return opens
    return None
