"""What the payments door takes and gives."""

from __future__ import annotations

import time
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from twinshore.idempotency import IdempotencyKey
from twinshore.money_wire import Amount, AmountIn, PositiveMinor
from twinshore.payments.orders import NewOrder
from twinshore.payments.refunding import RefundWish

LINES_LIMIT = 50
_PLAIN = r"^[^\x00-\x1f\x7f]+$"

Time = Annotated[str, BeforeValidator(lambda at: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)))]
"""Seconds since the epoch in, RFC 3339 out."""


class OrderLine(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1, max_length=80, pattern=_PLAIN)
    quantity: int = Field(strict=True, ge=1, le=9_999)
    unit_amount_minor: PositiveMinor


class OrderRequest(BaseModel):
    """`amount` is the price. With a rate lock (`quote`), the lock's other side is what is charged."""

    model_config = ConfigDict(extra="forbid")

    description: str = Field(min_length=1, max_length=127, pattern=_PLAIN, description="the payer sees it")
    amount: AmountIn
    quote: str = Field("", max_length=4_096, description="the token of a rate lock for `amount`; used up by the order")
    lines: list[OrderLine] = Field([], max_length=LINES_LIMIT, description="if given, they add up to `amount`")

    def new_order(self, request: IdempotencyKey) -> NewOrder:
        lines = tuple(line.model_dump() for line in self.lines)
        return NewOrder(self.description, self.amount.money(), request, lines, self.quote)

    @model_validator(mode="after")
    def _lines_add_up(self) -> OrderRequest:
        total_minor = sum(line.quantity * line.unit_amount_minor for line in self.lines)
        if self.lines and total_minor != self.amount.amount_minor:
            raise ValueError("the lines do not add up to the amount")
        return self


class OrderQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    refresh: bool = Field(False, description="ask the provider first: for a client that has just paid")


class RefundView(BaseModel):
    reference: str
    status: str = Field(description="pending, refunded or failed")
    amount: Amount
    order_id: str | None = None
    order_status: str | None = None


class OrderView(BaseModel):
    order_id: str
    status: str = Field(description="created, pending, paid, part_refunded, refunded, failed or closed")
    description: str
    amount: Amount = Field(description="what is charged")
    price: Amount | None = Field(None, description="what a rate lock turned into `amount`")
    created_at: Time
    expires_at: Time
    paid_at: Time | None = None
    refunded: Amount | None = None
    refunds: list[RefundView] | None = None
    needs_review: bool = Field(description="a person is looking into it")


class PaymentRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    method: str = Field(pattern="^[a-z_]{1,32}$", examples=["wechat_pay"], description="one of bootstrap's methods")


class PaymentView(BaseModel):
    reference: str
    provider: str
    client: dict[str, Any] = Field(description="for the payer's device, e.g. the parameters of wx.requestPayment")
    expires_at: Time
    order_id: str
    status: str


class RefundRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    amount_minor: PositiveMinor | None = Field(None, description="in the captured currency; absent: all that is left")
    reason: str = Field(min_length=1, max_length=80, pattern=_PLAIN)

    def wish(self, order_id: str, member_id: str, request: IdempotencyKey) -> RefundWish:
        return RefundWish(order_id, member_id, self.amount_minor, request, self.reason)
