"""Cells: legal data regions. Which one is a person's home, which one is nearest, and what may be written where.

The declaration is infra/cells.toml, compiled to the cells.json beside this file.
"""

import json
import os
from types import MappingProxyType
from typing import Any, Mapping, NamedTuple

from twinshore.errors import BrokenInvariant, Misdirected

CELL_LABEL = "cell"
"""The field that every stored item with personal data carries: the name of the cell it belongs to."""


class Cell(NamedTuple):
    name: str
    cloud: str
    """"aws" or "tencent"."""
    region: str
    title: dict[str, str]
    """By language: "en", "zh"."""
    endpoint: str
    shore: str
    """"mainland" (Weixin) or "overseas" (WeChat)."""
    laws: tuple[str, ...]
    time_zone: str
    wechat_host: str
    notification_channels: tuple[str, ...]
    public_keys: dict[str, str]
    fx_margin_bps: int
    """What a 24-hour rate lock costs the member, in hundredths of a percent."""
    fx_limit_eur_minor: int
    """The most that one rate lock may be worth, in euro cents."""
    fx_exposure_eur_minor: int
    """The most that may be promised at locked rates at a time, per direction of a currency pair, in euro cents."""
    return_url: str = ""
    """The page that a payer's browser comes back to, and with it the site on which other such pages may be."""
    refund_days: int = 0
    """How long after the payment members may refund by themselves."""
    refund_limit_minor: Mapping[str, int] = MappingProxyType({})
    """By currency, how much of an order goes back so; what is more, or in another currency, waits for a person."""


class Market(NamedTuple):
    country: str
    """ISO 3166-1 alpha-2."""
    home: str
    currency: str
    languages: tuple[str, ...]
    calling_code: str
    payment_methods: tuple[str, ...]
    campaigns: dict[str, str]


MINI_PROGRAM, H5 = "mini_program", "h5"
BY_HAND, INSTALMENTS = "by_hand", "instalments"
"""Carried by the house itself, without a party that takes the money: cash at the door; a plan of dated parts."""


class Method(NamedTuple):
    name: str
    provider: str
    """Of a payment provider, or BY_HAND or INSTALMENTS."""
    currencies: tuple[str, ...]
    """Empty: every currency that the provider takes."""
    cells: tuple[str, ...] = ()
    """Empty: every cell."""
    min_minor: Mapping[str, int] = MappingProxyType({})
    """By currency: the least and the most that an order may be to be paid so."""
    max_minor: Mapping[str, int] = MappingProxyType({})
    opens_in: tuple[str, ...] = (MINI_PROGRAM, H5)
    """Where the payer can go on: inside the mini-program, or on a page in a browser."""
    platforms: tuple[str, ...] = ()
    """Systems that have it; empty: all."""
    rank: int = 100
    """By expected success, where no market says better; lower is better."""
    parts: int = 0
    """Of a plan of INSTALMENTS."""


class Cells:
    """The whole declaration. Look-ups of names that are not declared raise KeyError."""

    def __init__(self, compiled: dict[str, Any]) -> None:
        self.all: dict[str, Cell] = {name: _cell(name, row) for name, row in compiled["cells"].items()}
        self.markets: dict[str, Market] = {code: _market(code, row) for code, row in compiled["markets"].items()}
        self.default_market: Market = self.markets[compiled["default_market"]["market"]]
        self._methods: dict[str, dict[str, Any]] = compiled["methods"]
        self._nearest: dict[str, str] = compiled["nearest"]

    def market_of(self, country: str) -> Market:
        """The market of a country, or the default one."""
        return self.markets.get(country, self.default_market)

    def nearest_to(self, country: str) -> Cell:
        """The cell that answers fastest for someone who is in this country now."""
        if country in self.markets:
            return self.all[self.markets[country].home]
        return self.all[self._nearest.get(country, self.default_market.home)]

    def methods_in(self, cell: str, currency: str) -> tuple[Method, ...]:
        """The payment methods that a cell can carry for a currency."""
        return tuple(
            method for method in self.methods
            if cell in method.cells and (not method.currencies or currency in method.currencies)
        )  # fmt: skip

    @property
    def methods(self) -> tuple[Method, ...]:
        return tuple(_method(name, row) for name, row in self._methods.items())

    def providers_in(self, cell: str) -> tuple[str, ...]:
        """Outside parties only."""
        found = {row["provider"] for row in self._methods.values() if cell in row["cells"]}
        return tuple(sorted(found - {BY_HAND, INSTALMENTS}))


class Residency:
    """Guards one cell's store: personal data of another cell's person is refused, not merely discouraged.

    Rooms that keep personal fields pass them through `label` on the way in and `check` on the way out, so that a row
    that ended up in the wrong cell (a restored backup, a copied table) is noticed rather than served.
    """

    def __init__(self, cells: Cells, here: str) -> None:
        self._cells = cells
        self.here = here

    @property
    def shore(self) -> str:
        """Of this cell: "mainland" or "overseas"."""
        return self._cells.all[self.here].shore

    def label(self, fields: dict[str, Any], home: str) -> dict[str, Any]:
        """`fields` with the cell's label. Raises Misdirected if the person's home is another cell."""
        if home != self.here:
            endpoint = self._cells.all[home].endpoint if home in self._cells.all else ""
            raise Misdirected("this person's data lives in another cell", home=home, endpoint=endpoint)
        return {**fields, CELL_LABEL: self.here}

    def check(self, fields: dict[str, Any]) -> dict[str, Any]:
        """`fields` if they are labelled with this cell. Raises BrokenInvariant: such an item must not be here."""
        if fields.get(CELL_LABEL) != self.here:
            raise BrokenInvariant(f"an item with personal data in cell {self.here} carries its label")
        return fields


def load_cells(path: str = "") -> Cells:
    """From the compiled file; `path` names another one (the box moves the endpoints to this machine)."""
    # Not by pathlib: it brings urllib and ipaddress, 4 ms of each cold start.
    with open(path or os.path.join(os.path.dirname(__file__), "cells.json"), encoding="utf-8") as file:
        return Cells(json.load(file))


def _cell(name: str, row: dict[str, Any]) -> Cell:
    return Cell(
        name=name, cloud=row["cloud"], region=row["region"], title=row["name"], endpoint=row["endpoint"],
        shore=row["shore"], laws=tuple(row["laws"]), time_zone=row["time_zone"], wechat_host=row["wechat_host"],
        notification_channels=tuple(row["notification_channels"]), public_keys=row["public_keys"],
        fx_margin_bps=row["fx_margin_bps"], fx_limit_eur_minor=row["fx_limit_eur_minor"],
        fx_exposure_eur_minor=row["fx_exposure_eur_minor"], return_url=row.get("return_url", ""),
        refund_days=row["refund_days"], refund_limit_minor=row["refund_limit_minor"],
    )  # fmt: skip


def _method(name: str, row: dict[str, Any]) -> Method:
    return Method(
        name=name, provider=row["provider"], currencies=tuple(row["currencies"]), cells=tuple(row["cells"]),
        min_minor=row["min_minor"], max_minor=row["max_minor"], opens_in=tuple(row["opens_in"]),
        platforms=tuple(row["platforms"]), rank=row["rank"], parts=row["parts"],
    )  # fmt: skip


def _market(country: str, row: dict[str, Any]) -> Market:
    return Market(
        country=country, home=row["home"], currency=row["currency"], languages=tuple(row["languages"]),
        calling_code=row["calling_code"], payment_methods=tuple(row["payment_methods"]), campaigns=row["campaigns"],
    )  # fmt: skip
