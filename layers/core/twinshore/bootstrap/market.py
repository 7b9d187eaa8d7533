"""Which market someone belongs to, and what they need to know at the start (product A2).

What someone tells us weighs more than what we guess: a phone number they verified, then the country they stated, then
the market they used before, then where their address is now, then the language of their device.
"""

from __future__ import annotations

from typing import Any, Callable, NamedTuple

from twinshore.cells import Cells, Market
from twinshore.errors import Unprocessable

CountryOfIp = Callable[[str], "str | None"]
"""ISO 3166-1 alpha-2 of an address, or None for a private or unknown one."""
CountryOfPhone = Callable[[str], "str | None"]
"""Country of an E.164 number, or None if it is not a possible number."""

_MARKET_OF_LANGUAGE = {
    "zh-cn": "CN", "zh-hans": "CN", "de": "DE", "fr": "FR", "en-gb": "GB", "en-sg": "SG", "id": "ID", "ms": "MY",
    "th": "TH", "ja": "JP", "en-us": "US", "pt-br": "BR", "pt": "BR", "ar-sa": "SA",
}  # fmt: skip


class PhoneNotPossible(Unprocessable):
    slug = "phone-not-possible"
    title_en = "This is not a phone number in international form"
    title_zh = "电话号码不是有效的国际格式"


class Clues(NamedTuple):
    """What a request tells about its sender. "" where it tells nothing."""

    phone: str = ""
    """E.164, with the plus."""
    country: str = ""
    """Stated by the person; ISO 3166-1 alpha-2."""
    last_market: str = ""
    ip: str = ""
    accept_language: str = ""


def choose_market(cells: Cells, clues: Clues, ip_country: str | None, phone_country: str | None) -> tuple[Market, str]:
    """The market, and which clue decided: "phone", "country", "history", "ip", "language" or "default"."""
    for country, reason in (
        (phone_country, "phone"),
        (clues.country, "country"),
        (clues.last_market, "history"),
        (ip_country, "ip"),
        (_market_of_languages(clues.accept_language), "language"),
    ):
        if country and country in cells.markets:
            return cells.markets[country], reason
    return cells.default_market, "default"


def bootstrap(
    cells: Cells, clues: Clues, country_of_ip: CountryOfIp, country_of_phone: CountryOfPhone, language: str
) -> dict[str, Any]:
    """The answer of GET /v1/bootstrap. Keeps nothing of the clues. Raises PhoneNotPossible."""
    ip_country = country_of_ip(clues.ip) if clues.ip else None
    phone_country = country_of_phone(clues.phone) if clues.phone else None
    if clues.phone and phone_country is None:
        raise PhoneNotPossible("send it as E.164, for example +4930123456")
    market, reason = choose_market(cells, clues, ip_country, phone_country)
    home = cells.all[market.home]
    nearest = cells.nearest_to(ip_country) if ip_country else home
    return {
        "market": market.country,
        "market_from": reason,
        "home_cell": home.name,
        "nearest_cell": nearest.name,
        "shore": home.shore,
        "endpoints": {"home": home.endpoint, "nearest": nearest.endpoint},
        "payment_methods": list(_methods(cells, market)),
        "currency": market.currency,
        "currencies": sorted({each.currency for each in cells.markets.values()}),
        "languages": list(market.languages),
        "language": language if language in market.languages else market.languages[0],
        "notification_channels": list(home.notification_channels),
        "campaigns": market.campaigns,
    }


def _methods(cells: Cells, market: Market) -> tuple[str, ...]:
    """In the market's order of preference, as far as the home cell carries them for its currency."""
    carried = {method.name for method in cells.methods_in(market.home, market.currency)}
    return tuple(name for name in market.payment_methods if name in carried)


def _market_of_languages(accept_language: str) -> str | None:
    """Of the first language whose whole tag, or main part, stands for one market."""
    for part in accept_language.lower().split(","):
        tag = part.split(";")[0].strip()
        for candidate in (tag, tag.split("-")[0]):
            if candidate in _MARKET_OF_LANGUAGE:
                return _MARKET_OF_LANGUAGE[candidate]
    return None
