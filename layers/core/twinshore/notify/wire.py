"""What the notifications door takes and gives."""

from __future__ import annotations

import time
from calendar import timegm
from typing import Annotated, Any, Literal, Union

from twinshore.cells import Residency
from twinshore.idempotency import IdempotencyKeyInProgress, IdempotencyKeyReused
from twinshore.models import BaseModel, ConfigDict, Field, StrictBool, StrictInt, field_validator
from twinshore.money import Money
from twinshore.money_wire import AmountIn
from twinshore.notify.deliver import Delivery, NotDeliveredYet, Notice
from twinshore.notify.port import EMAIL, SUBSCRIBE
from twinshore.notify.preferences import (
    KEEP,
    EmailInvalid,
    EmailMissing,
    Preferences,
    PreferencesContended,
    change,
    checked_email,
    checked_zone,
    default_zone,
    masked_email,
)
from twinshore.notify.templates import (
    AMOUNT,
    MOMENT,
    TemplateValuesWrong,
    UnknownTemplate,
    Value,
    check_values,
    template_of,
)
from twinshore.store.port import Store

SUBSCRIBE_PROBLEMS = (UnknownTemplate, IdempotencyKeyReused)
PREFERENCE_PROBLEMS = (EmailInvalid, EmailMissing, PreferencesContended)
SEND_PROBLEMS = (
    UnknownTemplate,
    TemplateValuesWrong,
    NotDeliveredYet,
    IdempotencyKeyInProgress,
    IdempotencyKeyReused,
)

TEMPLATES_PER_PROMPT = 5
_MOMENT_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
Language = Literal["zh-CN", "en"]
TemplateName = Annotated[str, Field(pattern="^[a-z_]{1,40}$", examples=["receipt"])]


class Subscriptions(BaseModel):
    """What the member allowed in one `wx.requestSubscribeMessage` prompt."""

    model_config = ConfigDict(extra="forbid")

    accepted: list[TemplateName] = Field(min_length=1, max_length=TEMPLATES_PER_PROMPT)

    @field_validator("accepted")
    @classmethod
    def _each_once(cls, names: list[str]) -> list[str]:
        if len(set(names)) < len(names):
            raise ValueError("each template once: one tap is one credit")
        return names


class SubscriptionsOut(BaseModel):
    accepted: list[str]


class ChannelChoice(BaseModel):
    model_config = ConfigDict(extra="forbid")

    wechat_subscribe: StrictBool
    email: StrictBool


class PreferencesIn(BaseModel):
    """`email`: absent keeps the stored address, null removes it."""

    model_config = ConfigDict(extra="forbid")

    channels: ChannelChoice
    language: Language
    time_zone: str | None = Field(None, max_length=64, description="IANA name", examples=["Europe/Berlin"])
    email: str | None = Field(None, max_length=320)

    def store_as(self, store: Store, residency: Residency, member_id: str) -> Preferences:
        """Raises EmailInvalid, EmailMissing, PreferencesContended, Unprocessable."""
        channels = {SUBSCRIBE: self.channels.wechat_subscribe, EMAIL: self.channels.email}
        zone = checked_zone(self.time_zone) if self.time_zone else default_zone(self.language)
        email: object = KEEP
        if "email" in self.model_fields_set:
            email = None if self.email is None else checked_email(self.email)
        return change(store, residency, member_id, Preferences(channels, self.language, zone, "", ""), email)


class PreferencesOut(BaseModel):
    channels: ChannelChoice
    language: Language
    time_zone: str
    email: str | None = Field(None, description="masked", examples=["l***@***.com"])

    @classmethod
    def of(cls, chosen: Preferences) -> PreferencesOut:
        return cls.model_validate(
            {"channels": chosen.channels, "language": chosen.language, "time_zone": chosen.time_zone,
             "email": masked_email(chosen.email) or None}
        )  # fmt: skip


class NotificationIn(BaseModel):
    """`data`: one value for each place of the template: an amount, a time (RFC 3339, UTC), a whole number, or text."""

    model_config = ConfigDict(extra="forbid")

    member_id: str = Field(pattern="^[A-Za-z0-9_-]{1,64}$")
    template: TemplateName
    data: dict[Annotated[str, Field(pattern="^[a-z_]{1,40}$")], Union[StrictInt, AmountIn, str]] = Field(max_length=20)

    def notice(self, cause: str) -> Notice:
        """Raises UnknownTemplate, TemplateValuesWrong."""
        needs = template_of(self.template).needs
        values = {name: _value(name, needs.get(name, ""), given) for name, given in self.data.items()}
        check_values(self.template, values)
        return Notice(cause, self.member_id, self.template, values)


class NotificationOut(BaseModel):
    delivery_id: str
    state: Literal["sent", "failed", "unknown"] = Field(description="failed: no channel took it")
    channel: str | None = Field(None, description="of the attempt that counts")


def sent(delivery: Delivery) -> dict[str, Any]:
    """The answer as it is kept for the same Idempotency-Key."""
    made = NotificationOut.model_validate(
        {"delivery_id": delivery.id, "state": delivery.state, "channel": delivery.channel or None}
    )
    return made.model_dump(exclude_none=True)


def _value(name: str, kind: str, given: object) -> Value:
    if isinstance(given, AmountIn) and kind == AMOUNT:
        return Money(given.amount_minor, given.currency)
    if kind == MOMENT:
        try:
            return timegm(time.strptime(str(given), _MOMENT_FORMAT))
        except (ValueError, OverflowError):
            raise TemplateValuesWrong("a time is written like 2026-11-22T15:01:00Z", fields=[name]) from None
    if isinstance(given, (str, int)):
        return given
    raise TemplateValuesWrong("an amount stands where something else is wanted", fields=[name])
