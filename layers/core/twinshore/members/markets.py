"""What members are told of a market: its name, and the time zone that most of its people live in."""

from __future__ import annotations

from typing import NamedTuple

from twinshore.cells import Cells


class About(NamedTuple):
    en: str
    zh: str
    zone: str


MARKETS = {
    "CN": About("mainland China", "中国大陆", "Asia/Shanghai"),
    "DE": About("Germany", "德国", "Europe/Berlin"),
    "FR": About("France", "法国", "Europe/Paris"),
    "GB": About("the United Kingdom", "英国", "Europe/London"),
    "SA": About("Saudi Arabia", "沙特阿拉伯", "Asia/Riyadh"),
    "SG": About("Singapore", "新加坡", "Asia/Singapore"),
    "ID": About("Indonesia", "印度尼西亚", "Asia/Jakarta"),
    "MY": About("Malaysia", "马来西亚", "Asia/Kuala_Lumpur"),
    "TH": About("Thailand", "泰国", "Asia/Bangkok"),
    "JP": About("Japan", "日本", "Asia/Tokyo"),
    "US": About("the United States", "美国", "America/New_York"),
    "BR": About("Brazil", "巴西", "America/Sao_Paulo"),
}


def about(cells: Cells, country: str) -> About:
    """A market that has no row yet goes by its code and by its cell's clock."""
    row = MARKETS.get(country)
    return row or About(country, country, cells.all[cells.markets[country].home].time_zone)


def home_zone(cells: Cells, country: str) -> str:
    return about(cells, country).zone
