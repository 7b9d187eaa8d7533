"""What points buy, where, and from whom. Data: a new reward, partner or region is a row.

Prices are ours: a caller names a reward, never its price.
"""

from __future__ import annotations

from typing import Mapping, NamedTuple

from twinshore.cells import Cells
from twinshore.errors import Misdirected
from twinshore.rewards.problems import RewardNotFound, refused

POOL, VOID = "pool", "void"
"""What becomes of the code of a voucher that a member returns: it goes back to our pool (the partner honours it only
with the number of the voucher that it was issued with), or the partner strikes it out."""
MONTH, EVER = "month", "ever"
NAME = r"^[a-z0-9_]{1,40}$"

REGIONS: Mapping[str, tuple[str, ...]] = {
    "mainland": ("CN",),
    "europe": ("DE", "FR", "GB"),
    "gulf": ("SA",),
    "southeast_asia": ("SG", "ID", "MY", "TH"),
    "japan": ("JP",),
    "americas": ("US", "BR"),
}
"""Region -> its markets. A partner's stock is that of a region; all markets of one region have one home cell."""


class Partner(NamedTuple):
    name: str
    title_en: str
    title_zh: str
    returns: str = VOID


PARTNERS = {
    partner.name: partner
    for partner in (
        Partner("house", "Twinshore", "双岸"),
        Partner("lounge_network", "Example Lounges", "示例贵宾厅"),
        Partner("ride_network", "Example Rides", "示例出行", POOL),
    )
}


class Reward(NamedTuple):
    name: str
    category: str
    partner: str
    prices: Mapping[str, int]
    """Programme -> points."""
    names: Mapping[str, str]
    """Language (BCP 47) -> name: English and Chinese, and the markets' own where known."""
    valid_days: int = 90
    """How long a voucher may be used after it was redeemed; a code that ends sooner ends sooner."""
    stocked: bool = False
    """Whether each one is a code of the partner's; without, the redemption itself is what a member shows."""
    cap: int = 0
    """How many one member may have in `cap_period`; 0 for no limit. Of stocked ones only."""
    cap_period: str = MONTH
    expiry_refunds: bool = False
    """Whether a voucher that ran out unused gives its points back."""
    low_at: int = 20
    """How many are few."""


def _prices(points: int, miles: int = 0) -> Mapping[str, int]:
    return {"mainland": points, "overseas": points, **({"miles": miles} if miles else {})}


REWARDS = {
    reward.name: reward
    for reward in (
        Reward("coffee_voucher", "coffee", "house", _prices(100), {
            "en": "A cup of coffee", "zh-CN": "咖啡券一张", "de": "Eine Tasse Kaffee", "fr": "Une tasse de café",
            "id": "Secangkir kopi", "ms": "Secawan kopi", "th": "กาแฟหนึ่งแก้ว", "ja": "コーヒー1杯",
            "pt-BR": "Uma xícara de café", "ar": "فنجان قهوة"}),
        Reward("food_coupon", "food", "house", _prices(200), {
            "en": "A meal coupon", "zh-CN": "美食券一张", "de": "Ein Essensgutschein", "fr": "Un bon repas",
            "id": "Kupon makan", "ms": "Kupon makanan", "th": "คูปองอาหาร", "ja": "お食事券1枚",
            "pt-BR": "Um vale-refeição", "ar": "قسيمة وجبة"}),
        Reward("taxi_coupon", "taxi", "ride_network", _prices(300), {
            "en": "A taxi ride", "zh-CN": "打车券一张", "de": "Eine Taxifahrt", "fr": "Une course en taxi",
            "id": "Perjalanan taksi", "ms": "Perjalanan teksi", "th": "ค่าแท็กซี่หนึ่งเที่ยว", "ja": "タクシー1回",
            "pt-BR": "Uma corrida de táxi", "ar": "رحلة بسيارة أجرة"}, 60, True, 5),
        Reward("lounge_access", "lounge", "lounge_network", _prices(800, 4000), {
            "en": "A visit to an airport lounge", "zh-CN": "机场贵宾厅一次", "de": "Ein Besuch in der Flughafenlounge",
            "fr": "Une visite au salon d'aéroport", "id": "Satu kunjungan ke lounge bandara",
            "ms": "Satu lawatan ke ruang rehat lapangan terbang", "th": "เข้าใช้ห้องรับรองสนามบินหนึ่งครั้ง",
            "ja": "空港ラウンジ1回", "pt-BR": "Uma visita à sala VIP do aeroporto",
            "ar": "زيارة لصالة المطار"}, 180, True, 2, MONTH, True),
    )
}  # fmt: skip

LANGUAGES = {"CN": "zh-CN", "DE": "de", "FR": "fr", "GB": "en", "SA": "ar", "SG": "en", "ID": "id", "MY": "ms",
             "TH": "th", "JP": "ja", "US": "en", "BR": "pt-BR"}  # fmt: skip
"""Market -> the language of most of its people."""


class Offer(NamedTuple):
    """A reward in a region: what a stock is of."""

    reward: Reward
    region: str

    @property
    def id(self) -> str:
        return f"{self.reward.name}:{self.region}"

    @property
    def partner(self) -> Partner:
        return PARTNERS[self.reward.partner]


class Shop(NamedTuple):
    """What this cell offers. `rewards` and `regions` are the tables above, but for tests."""

    cells: Cells
    here: str
    rewards: Mapping[str, Reward] = REWARDS
    regions: Mapping[str, tuple[str, ...]] = REGIONS

    def offer(self, name: str, market: str = "") -> Offer:
        """ "" is the first market of this cell. Raises RewardNotFound, Misdirected."""
        region = self._region_of(market)
        reward = self.rewards.get(name)
        if reward is None:
            raise refused(RewardNotFound("see the catalogue"))
        return Offer(reward, region)

    def offer_of(self, offer_id: str) -> Offer:
        """By its id; one of this cell. Raises RewardNotFound."""
        name, _, region = offer_id.partition(":")
        if name not in self.rewards or region not in self.own_regions():
            raise refused(RewardNotFound("this cell does not offer that"))
        return Offer(self.rewards[name], region)

    def offers(self, market: str) -> list[Offer]:
        """Raises RewardNotFound for an unknown market, Misdirected for another cell's."""
        region = self._region_of(market)
        return [Offer(reward, region) for reward in self.rewards.values()]

    def stocked(self) -> list[Offer]:
        """Every stock of this cell."""
        regions = self.own_regions()
        return [Offer(reward, region) for reward in self.rewards.values() if reward.stocked for region in regions]

    def own_regions(self) -> list[str]:
        return [name for name, markets in self.regions.items() if self.cells.markets[markets[0]].home == self.here]

    def _region_of(self, market: str) -> str:
        found = market or next(name for name, each in self.cells.markets.items() if each.home == self.here)
        if found not in self.cells.markets:
            raise refused(RewardNotFound("there is no such market"))
        home = self.cells.markets[found].home
        if home != self.here:
            endpoint = self.cells.all[home].endpoint
            raise Misdirected("another cell keeps the stock of this market", home=home, endpoint=endpoint)
        return next(name for name, markets in self.regions.items() if found in markets)


def name_of(reward: str, language: str) -> str:
    """As a message to a member has it; a reward that is not sold any more goes by its key."""
    row = REWARDS.get(reward)
    return row.names.get(language, row.names["en"]) if row else reward


def names_in(reward: Reward, market: str) -> dict[str, str]:
    """English, Chinese, and the market's own language."""
    wanted = ("en", "zh-CN", LANGUAGES.get(market, "en"))
    return {language: reward.names[language] for language in wanted if language in reward.names}
