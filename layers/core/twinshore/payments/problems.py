"""Which problems each route of the payments door may answer with, for the OpenAPI document."""

from __future__ import annotations

from twinshore.fx.quote import QuoteAmountDiffers, QuoteExpired, QuoteInvalid, QuoteNotYours, QuoteUsed
from twinshore.idempotency import IdempotencyKeyInProgress, IdempotencyKeyReused
from twinshore.money import AmountOutOfRange, InexactAmount, UnknownCurrency
from twinshore.payments.capturing import PaymentNotFound
from twinshore.payments.desk import NotPaidByHand, RefundNotFound
from twinshore.payments.flags import FlagNotFound
from twinshore.payments.holding import OrderNotHeld
from twinshore.payments.methods import MethodNotOffered, PayerUnknown
from twinshore.payments.order import OrderNotFound
from twinshore.payments.port import OutcomeUnknown, ProviderRefused
from twinshore.payments.refunding import OrderDisputed, OrderNotPaid, RefundTheParts, RefundTooLarge, TooManyRefunds
from twinshore.payments.resolving import ActionNotOffered, FlagResolved
from twinshore.payments.return_urls import ReturnUrlRefused
from twinshore.payments.starting import OrderClosed, OrderPaid, TooManyAttempts

_OUTSIDE = (
    IdempotencyKeyReused, IdempotencyKeyInProgress, OrderNotFound, ProviderRefused, InexactAmount, OutcomeUnknown,
)  # fmt: skip

OPENING = (
    UnknownCurrency, AmountOutOfRange, IdempotencyKeyReused,
    QuoteInvalid, QuoteNotYours, QuoteAmountDiffers, QuoteExpired, QuoteUsed,
)  # fmt: skip
READING = (OrderNotFound,)
PAYING = (*_OUTSIDE, OrderPaid, OrderClosed, TooManyAttempts, MethodNotOffered, ReturnUrlRefused, PayerUnknown)
RETURNING = (OrderNotFound, PaymentNotFound)
REFUNDING = (*_OUTSIDE, OrderNotPaid, OrderDisputed, RefundTheParts, RefundTooLarge, TooManyRefunds)
ACCEPTING = (OrderNotFound, OrderNotHeld)
DELIVERING = (OrderNotFound, NotPaidByHand, UnknownCurrency)
RESOLVING = (
    FlagNotFound, FlagResolved, ActionNotOffered, OrderNotHeld, OrderDisputed, ProviderRefused, OutcomeUnknown,
)  # fmt: skip
PAYING_OUT = (OrderNotFound, RefundNotFound)
