"""What the webhook_subscriptions door takes and gives."""

from __future__ import annotations

import time
from typing import Annotated, Literal

from twinshore.idempotency import IdempotencyKey, IdempotencyKeyReused
from twinshore.models import BaseModel, ConfigDict, Field, field_validator
from twinshore.outbound_webhooks.catalogue import OFFERED
from twinshore.outbound_webhooks.signing import WebhookKeysMissing
from twinshore.outbound_webhooks.subscriptions import (
    OWNER_LIMIT,
    Subscription,
    TooManyWebhookSubscriptions,
    WebhookSubscriptionNotFound,
    Wish,
)
from twinshore.outbound_webhooks.targets import URL_LIMIT_CHARACTERS, WebhookUrlRefused

SUBSCRIBE_PROBLEMS = (WebhookUrlRefused, TooManyWebhookSubscriptions, IdempotencyKeyReused, WebhookKeysMissing)
SECRET_PROBLEMS = (WebhookSubscriptionNotFound, WebhookKeysMissing)
NOT_FOUND = (WebhookSubscriptionNotFound,)
EventName = Annotated[str, Field(json_schema_extra={"enum": sorted(OFFERED)})]


class WebhookSubscriptionIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    url: str = Field(min_length=1, max_length=URL_LIMIT_CHARACTERS, examples=["https://shop.example.com/hooks"],
                     description="https, a public host")  # fmt: skip
    events: list[EventName] = Field(min_length=1, max_length=50, description="what to be told of")

    @field_validator("events")
    @classmethod
    def _known_and_once(cls, names: list[str]) -> list[str]:
        if not set(names) <= set(OFFERED) or len(set(names)) < len(names):
            raise ValueError("each of the offered events once")
        return names

    def wish(self, owner: str, request: IdempotencyKey) -> Wish:
        return Wish(owner, self.url, tuple(self.events), request)


class WebhookSubscriptionOut(BaseModel):
    id: str
    url: str
    events: list[EventName]
    state: Literal["active", "disabled"] = Field(description="disabled: after days of failure, or a 410")
    created_at: str = Field(json_schema_extra={"format": "date-time"})
    failing_since: str | None = Field(None, json_schema_extra={"format": "date-time"})
    live_secrets: int = Field(description="how many signatures a webhook carries")
    secret: str | None = Field(None, description="whsec_…; shown when it is made, and never again")

    @classmethod
    def of(cls, one: Subscription, now: int, secret: str | None = None) -> WebhookSubscriptionOut:
        return cls.model_validate(
            {"id": one.id, "url": one.url, "events": list(one.events), "state": one.state,
             "created_at": _moment(one.created_at), "secret": secret,
             "failing_since": _moment(one.failing_since) if one.failing_since else None,
             "live_secrets": sum(not each.until or each.until > now for each in one.generations)}
        )  # fmt: skip


class WebhookSubscriptionsOut(BaseModel):
    items: list[WebhookSubscriptionOut] = Field(max_length=OWNER_LIMIT)
    next: None = None

    @classmethod
    def of(cls, every: list[Subscription], now: int) -> WebhookSubscriptionsOut:
        return cls(items=[WebhookSubscriptionOut.of(one, now) for one in every])


def _moment(at: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
