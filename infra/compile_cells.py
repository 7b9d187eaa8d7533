"""Check infra/cells.toml and write it for the functions: `python -m infra.compile_cells [--check]`.

People write TOML; a door reads JSON, so that no TOML parser and no schema library stands on its way up.
"""

from __future__ import annotations

import json
import sys
from base64 import b64decode
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

SOURCE = Path(__file__).parent / "cells.toml"
TARGET = Path(__file__).parent.parent / "layers" / "core" / "twinshore" / "cells.json"


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


AmountByCurrency = dict[Annotated[str, Field(pattern=r"^[A-Z]{3}$")], Annotated[int, Field(gt=0)]]


class CellEntry(Strict):
    cloud: Literal["aws", "tencent"]
    region: str = Field(min_length=1)
    name: dict[Literal["en", "zh"], str]
    endpoint: str = Field(pattern=r"^https?://[^/?#]+$")
    shore: Literal["mainland", "overseas"]
    laws: list[str] = Field(min_length=1)
    time_zone: str
    wechat_host: str = Field(pattern=r"^https?://[^/?#]+$")
    notification_channels: list[str]
    public_keys: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")], str]
    fx_margin_bps: int = Field(ge=0, le=1000)
    fx_limit_eur_minor: int = Field(gt=0)
    fx_exposure_eur_minor: int = Field(gt=0)
    return_url: str = Field(pattern=r"^https://[^/?#@]+(/[^?#]*)?$")
    refund_days: int = Field(0, ge=0, le=365)
    refund_limit_minor: AmountByCurrency = {}

    @field_validator("time_zone")
    @classmethod
    def known_zone(cls, zone: str) -> str:
        from zoneinfo import ZoneInfo

        ZoneInfo(zone)
        return zone

    @field_validator("public_keys")
    @classmethod
    def ed25519_keys(cls, keys: dict[str, str]) -> dict[str, str]:
        if any(len(b64decode(key, validate=True)) != 32 for key in keys.values()):
            raise ValueError("a public key is 32 bytes in base64: `python -m tools.cell_key` prints the line")
        return keys


class MarketEntry(Strict):
    home: str
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    languages: list[str] = Field(min_length=1)
    calling_code: str = Field(pattern=r"^[1-9][0-9]{0,3}$")
    payment_methods: list[str] = Field(min_length=1)
    campaigns: dict[str, str]


class MethodEntry(Strict):
    provider: str
    cells: list[str] = Field(min_length=1)
    currencies: list[str]
    min_minor: AmountByCurrency = {}
    max_minor: AmountByCurrency = {}
    opens_in: list[Literal["mini_program", "h5"]] = Field(default=["mini_program", "h5"], min_length=1)
    platforms: list[Literal["ios", "android"]] = []
    rank: int = Field(default=100, ge=0)
    parts: int = Field(default=0, ge=0, le=12)

    @model_validator(mode="after")
    def parts_are_for_plans(self) -> MethodEntry:
        if (self.provider == "instalments") != (self.parts > 1):
            raise ValueError("a plan of instalments, and no other method, has two parts or more")
        for currency in self.min_minor.keys() & self.max_minor.keys():
            if self.min_minor[currency] > self.max_minor[currency]:
                raise ValueError(f"the least is more than the most in {currency}")
        return self


class DefaultMarket(Strict):
    market: str


class CellsFile(Strict):
    cells: dict[str, CellEntry]
    markets: dict[str, MarketEntry]
    default_market: DefaultMarket
    methods: dict[str, MethodEntry]
    nearest: dict[str, str]

    @model_validator(mode="after")
    def names_exist(self) -> CellsFile:
        named = [market.home for market in self.markets.values()] + list(self.nearest.values())
        named += [cell for method in self.methods.values() for cell in method.cells]
        unknown = sorted({name for name in named if name not in self.cells})
        unknown += sorted({m for market in self.markets.values() for m in market.payment_methods} - set(self.methods))
        if self.default_market.market not in self.markets:
            unknown.append(self.default_market.market)
        if unknown:
            raise ValueError(f"named but not declared: {', '.join(unknown)}")
        for code, market in self.markets.items():
            for name in market.payment_methods:
                method = self.methods[name]
                if market.home not in method.cells or (method.currencies and market.currency not in method.currencies):
                    raise ValueError(f"{code} offers {name}, which its home cell or currency does not have")
        return self


def compile_cells(toml_text: str) -> dict[str, Any]:
    """The checked content as plain JSON values. Raises ValueError (pydantic's, or the TOML parser's)."""
    try:
        import tomllib
    except ImportError:  # Python 3.10
        import tomli as tomllib
    return CellsFile.model_validate(tomllib.loads(toml_text)).model_dump(mode="json")


def render(compiled: dict[str, Any]) -> str:
    return json.dumps(compiled, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def main(arguments: list[str]) -> int:
    text = render(compile_cells(SOURCE.read_text(encoding="utf-8")))
    if "--check" in arguments:
        same = TARGET.read_text(encoding="utf-8") == text
        sys.stdout.write("cells.json is up to date\n" if same else "cells.json is old: python -m infra.compile_cells\n")
        return 0 if same else 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
