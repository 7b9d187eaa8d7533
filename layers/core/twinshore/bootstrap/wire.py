"""Wire models of the bootstrap door."""

from __future__ import annotations

from twinshore.models import BaseModel, ConfigDict, Field


class BootstrapQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    phone: str = Field(default="", max_length=20, description="E.164, with the plus")
    country: str = Field(default="", pattern=r"^([A-Z]{2})?$", description="stated by the person, ISO 3166-1 alpha-2")
    last_market: str = Field(default="", pattern=r"^([A-Z]{2})?$", description="the market used before")


class Endpoints(BaseModel):
    home: str
    nearest: str


class Bootstrap(BaseModel):
    market: str
    market_from: str = Field(description="phone, country, history, ip, language or default")
    home_cell: str
    nearest_cell: str
    shore: str
    endpoints: Endpoints
    payment_methods: list[str] = Field(description="in order of preference")
    currency: str
    currencies: list[str]
    languages: list[str]
    language: str
    notification_channels: list[str]
    campaigns: dict[str, str]


class Health(BaseModel):
    status: str
    cell: str
    cloud: str
    region: str
