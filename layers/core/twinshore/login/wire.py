"""The JSON of the login door."""

from __future__ import annotations

from twinshore.models import BaseModel, ConfigDict, Field


class LoginRequest(BaseModel):
    """`code` as wx.login gave it: good for five minutes and one try."""

    model_config = ConfigDict(extra="forbid", strict=True)

    code: str = Field(min_length=1, max_length=128, pattern=r"^[!-~]+$")


class RefreshRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    refresh_token: str = Field(min_length=1, max_length=256)


class SessionAnswer(BaseModel):
    """Keep both tokens; renew when `expires_in` seconds are nearly over. `refresh_token` is opaque and changes each
    time; `home_cell` is where this person's data lives."""

    access_token: str
    refresh_token: str
    expires_in: int
    member_id: str
    home_cell: str
