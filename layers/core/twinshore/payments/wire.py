"""What the payments door takes and gives."""

from __future__ import annotations

import calendar
import time
from typing import Annotated, Any, Literal, Protocol

from twinshore.fx.quote import Holder
from twinshore.models import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from twinshore.money_wire import Amount, AmountIn, PositiveMinor
from twinshore.payments import orders
from twinshore.payments.capturing import Providers, Return
from twinshore.payments.desk import Delivery
from twinshore.payments.flags import Wanted
from twinshore.payments.methods import REASONS, Listing, Place
from twinshore.payments.orders import NewOrder
from twinshore.payments.polling import Look, look_up
from twinshore.payments.refunding import RefundWish
from twinshore.payments.resolving import Decision
from twinshore.payments.starting import Wish
from twinshore.payments.states import WIRE
from twinshore.store.port import Store

LINES_LIMIT = 50
RETURNED_LIMIT = 32
"""Members of a returned query; each of 16 kB at most (Adyen's redirectResult is the long one)."""
_PLAIN = r"^[^\x00-\x1f\x7f]+$"


def _rfc3339(at: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def _seconds(text: str) -> int:
    """Of RFC 3339 in UTC, as far as whole seconds; 0 for "". Raises ValueError."""
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ")) if text else 0


def _instant(text: str) -> str:
    _seconds(text)
    return text


Time = Annotated[str, BeforeValidator(_rfc3339)]
"""Seconds since the epoch in, RFC 3339 out."""
Instant = Annotated[str, Field(max_length=20), AfterValidator(_instant)]
ReturnedName = Annotated[str, Field(min_length=1, max_length=64)]
ReturnedValue = Annotated[str, Field(max_length=16_384)]
Market = Annotated[str, Field(pattern="^([A-Z]{2})?$", description="the payer's market, as bootstrap says")]
Device = Annotated[Literal["", "mini_program", "h5"], Field(description="where the payer is")]
Platform = Annotated[Literal["", "ios", "android"], Field(description="system of the payer's device")]


class MemberRequest(Protocol):
    """What is used of a door's request."""

    params: dict[str, str]
    language: str
    client_ip: str
    now: int
    idempotency: Any

    @property
    def session(self) -> Any: ...


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

    def new_order(self, request: MemberRequest) -> NewOrder:
        lines = tuple(line.model_dump() for line in self.lines)
        buyer = Holder(request.session.cell, request.session.member_id)
        return NewOrder(buyer, self.description, self.amount.money(), request.idempotency, lines, self.quote)

    @model_validator(mode="after")
    def _lines_add_up(self) -> OrderRequest:
        total_minor = sum(line.quantity * line.unit_amount_minor for line in self.lines)
        if self.lines and total_minor != self.amount.amount_minor:
            raise ValueError("the lines do not add up to the amount")
        return self


class OrderQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    refresh: bool = Field(False, description="ask the provider first: for a client that has just paid")

    def seen(self, store: Store, providers: Providers, request: MemberRequest) -> OrderView:
        look = Look(request.params["id"], request.session.member_id, self.refresh)
        return OrderView(**look_up(store, providers, look, request.now))


class OrdersQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: int = Field(10, ge=1, le=50)
    after: str | None = Field(None, pattern="^[0-9a-z]{26}$", description="`next` of a page")

    def seen(self, store: Store, providers: Providers, request: MemberRequest) -> OrdersView:
        page = orders.Wanted(request.session.member_id, self.limit, self.after)
        return OrdersView(**orders.listed(store, page, request.now))


class RefundView(BaseModel):
    reference: str
    status: str = Field(description="requested (a person is asked), pending, refunded, failed or declined")
    amount: Amount
    order_id: str | None = None
    order_status: str | None = None


class Requote(BaseModel):
    """The payment was made after the rate lock had ended: what the price costs at the rate of the day. Nobody is
    charged the difference: a person accepts what was paid, or refunds it."""

    amount: Amount
    difference: Amount = Field(description="to what was charged; below zero in the member's favour")


class OrderView(BaseModel):
    order_id: str
    status: str = Field(description=f"one of: {', '.join(WIRE.values())}")
    description: str
    amount: Amount = Field(description="what is charged")
    price: Amount | None = Field(None, description="what a rate lock turned into `amount`")
    lock_ends_at: Time | None = Field(None, description="a payment made before it counts, however late we hear of it")
    requote: Requote | None = None
    part_of: str | None = Field(None, description="the order that this one is an instalment of")
    created_at: Time
    expires_at: Time
    paid_at: Time | None = None
    refunded: Amount | None = None
    refunds: list[RefundView] | None = None
    needs_review: bool = Field(description="a person is looking into it")


class OrdersView(BaseModel):
    items: list[OrderView] = Field(description="newest first")
    next: str | None = None


class PaymentRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    method: str = Field(pattern="^[a-z0-9_]{1,32}$", examples=["wechat_pay"], description="one of the order's methods")
    return_url: str = Field(
        "", max_length=512, description="a page of ours that the payer's browser comes back to, where it is sent away"
    )
    market: Market = ""
    device: Device = ""
    platform: Platform = ""

    def wish(self, request: MemberRequest) -> Wish:
        who = request.params["id"], request.session.member_id, self.method, request.idempotency
        place = Place(self.market, self.device, self.platform)
        return Wish(*who, self.return_url, place, request.language, request.client_ip)


class MethodsQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    market: Market = ""
    device: Device = ""
    platform: Platform = ""
    explain: bool = Field(False, description="list what is absent as well, and why")

    def listing(self, request: MemberRequest) -> Listing:
        place = Place(self.market, self.device, self.platform)
        return Listing(request.params["id"], request.session.member_id, place, self.explain)


class MethodView(BaseModel):
    method: str
    opens_in: str = Field(description="mini_program or h5")
    hand_over: bool = Field(description="the mini-program sends the payer to a page in the system's browser")
    parts: int | None = Field(None, description="of a plan of instalments")


class AbsentView(BaseModel):
    method: str
    reasons: list[str] = Field(description=f"of: {', '.join((*REASONS, 'payer'))}")


class MethodsView(BaseModel):
    items: list[MethodView] = Field(description="by expected success, best first")
    absent: list[AbsentView] | None = None


class ReturnRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    returned: dict[ReturnedName, ReturnedValue] = Field(
        max_length=RETURNED_LIMIT, description="the query with which the payer's browser came back, as it is"
    )

    def of(self, request: MemberRequest) -> Return:
        return Return(request.params["id"], request.session.member_id, request.params["reference"], self.returned)


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

    def wish(self, request: MemberRequest) -> RefundWish:
        who = request.params["id"], request.session.member_id
        return RefundWish(*who, self.amount_minor, request.idempotency, self.reason)


class DeliveryRequest(BaseModel):
    """The parcel was handed over and paid for, or it was not."""

    model_config = ConfigDict(extra="forbid")

    collected: AmountIn | None = Field(description="what was taken at the door; null: refused, or never handed over")
    at: Instant = Field("", description="when it was; RFC 3339 in UTC")

    def delivery(self, order_id: str) -> Delivery:
        return Delivery(order_id, None if self.collected is None else self.collected.money(), _seconds(self.at))


class FlagsQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    status: Literal["open", "resolved"] = "open"
    limit: int = Field(20, ge=1, le=100)
    after: str | None = Field(None, pattern=r"^[0-9]{12}\.[A-Za-z0-9_-]{1,128}$", description="`next` of a page")

    def wanted(self) -> Wanted:
        return Wanted(self.status, self.limit, self.after)


class ResolutionView(BaseModel):
    action: str
    by: str = Field(description="the service that decided; `house` for a rule of ours")
    at: Time
    reason: str | None = None


class FlagView(BaseModel):
    """Why a person must look at a payment, or had to."""

    id: str
    reason: str
    status: str
    raised_at: Time
    order_id: str
    provider: str
    reference: str = Field(description="ours, of the payment or of the refund that is meant")
    amount: Amount | None = Field(None, description="as the provider said, where that is the trouble")
    actions: list[str] = Field(description="what can be done about it")
    resolution: ResolutionView | None = None


class FlagsView(BaseModel):
    items: list[FlagView] = Field(description="open: longest waiting first; resolved: newest first")
    next: str | None = None


class ResolutionRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    action: str = Field(pattern="^[a-z_]{1,32}$", description="one of the flag's `actions`")
    reason: str = Field(min_length=1, max_length=200, pattern=_PLAIN, description="kept with the flag")

    def decision(self, flag_id: str, by: str) -> Decision:
        return Decision(flag_id, self.action, self.reason, by)


class PayoutRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    paid: bool = Field(strict=True, description="false: it cannot be paid out")
