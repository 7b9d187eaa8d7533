"""Starting to pay an order: at most one attempt is open at a time, and it is in the store before the provider hears.

What may go wrong between the provider and us is answered by the attempt's reference: the same attempt sent again is the
same payment, and the poll that was written with it asks what became of it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from twinshore.cells import BY_HAND, INSTALMENTS, Method
from twinshore.errors import BrokenInvariant, Conflict
from twinshore.idempotency import IdempotencyKey, run_once
from twinshore.money import InexactAmount
from twinshore.payments import by_hand, instalments, port
from twinshore.payments.advance import Advance, advance
from twinshore.payments.completion import amend, apply, provider_id_key
from twinshore.payments.methods import Place, Tills, choose
from twinshore.payments.order import OPEN, SETTLED, Order, OrderAttempt, load_own, replace
from twinshore.payments.poll_items import PAYMENT, start_poll
from twinshore.payments.port import Attempt, Notice, OutcomeUnknown, Payer, PaymentProvider, ProviderRefused, Started
from twinshore.payments.return_urls import return_url
from twinshore.payments.states import WIRE
from twinshore.store.port import CommitConflict, Create, Store, StoreUnavailable

ATTEMPT_LIFE_SECONDS = 30 * 60
SHORTEST_LIFE_SECONDS = 60
"""Nobody can pay in less, and WeChat Pay takes no shorter one."""
ATTEMPT_LIMIT = 10
START_TRIES = 5
REFERENCE_USED = "reference_used"
"""A reason of ProviderRefused: the provider knows our reference already, and tells nothing more about it."""


class OrderPaid(Conflict):
    slug = "order-paid"
    title_en = "This order has been paid"
    title_zh = "订单已支付"


class OrderClosed(Conflict):
    slug = "order-closed"
    title_en = "This order can no longer be paid, please place a new one"
    title_zh = "订单已关闭，请重新下单"


class PaymentReplaced(Conflict):
    """The order was given another payment, on another device perhaps, before this one had been made."""

    slug = "payment-replaced"
    title_en = "Another payment of this order has been started"
    title_zh = "该订单已发起另一笔支付"


class TooManyAttempts(Conflict):
    slug = "too-many-attempts"
    title_en = "This order was tried too often, please place a new one"
    title_zh = "支付尝试次数过多，请重新下单"


class Wish(NamedTuple):
    """How the member wants to pay."""

    order_id: str
    member_id: str
    method: str
    request: IdempotencyKey
    return_url: str = ""
    place: Place = Place()
    language: str = "en"
    client_ip: str = ""
    """Told to providers that want it, and kept nowhere."""


def start_payment(store: Store, tills: Tills, wish: Wish, now: int) -> dict[str, Any]:
    """The parameters with which the payer's device goes on, and the order's status; the same for the same request.

    Raises OrderNotFound, OrderPaid, OrderClosed, TooManyAttempts, MethodNotOffered, ReturnUrlRefused, PayerUnknown,
    PaymentReplaced; ProviderRefused, InexactAmount (the attempt failed); OutcomeUnknown and Unavailable (ask again: it
    will be the same payment); IdempotencyKeyReused, IdempotencyKeyInProgress.
    """
    return run_once(store, wish.request, wish.member_id, now, lambda: _start(store, tills, wish, now))


def _start(store: Store, tills: Tills, wish: Wish, now: int) -> dict[str, Any]:
    for _ in range(START_TRIES):
        order, attempt, payer = _open_attempt(store, tills, wish, now)
        reference = order.reference(attempt)
        asked = Attempt(
            reference=reference, order_id=order.id, amount=order.amount, description=order.description,
            notify_url=tills.notify_url(attempt.provider), expires_at=attempt.expires_at, method=attempt.method,
            payer=payer._replace(country=attempt.country, language=attempt.language or "en"),
            return_url=attempt.return_url,
        )  # fmt: skip
        try:
            started = tills.provider(attempt.provider).create(asked, now)
        except (ProviderRefused, InexactAmount) as no:
            apply(store, attempt.provider, _notice(reference, port.FAILED, now), now)
            # A provider that tells a thing once has told it to a try of ours that did not hear it: nobody can pay that.
            if isinstance(no, ProviderRefused) and no.extensions.get("reason") == REFERENCE_USED:
                continue
            raise
        return _started(store, tills, order, attempt, started, now)
    raise OutcomeUnknown("the provider has heard of every attempt before")


def _started(
    store: Store, tills: Tills, order: Order, attempt: OrderAttempt, started: Started, now: int
) -> dict[str, Any]:
    reference = order.reference(attempt)
    if started.provider_id:
        _remember_id(store, attempt.provider, started.provider_id, reference)
    accepted = _notice(reference, port.PENDING, now)._replace(provider_id=started.provider_id)
    current = apply(store, attempt.provider, accepted, now).order
    if current is None:
        raise BrokenInvariant("an attempt that was stored is found again")
    now_known = current.attempt(attempt.number) or attempt
    if now_known.state == port.CLOSED:  # whoever closed it may not have found it at the provider yet
        close_attempt(store, tills.provider(attempt.provider), current, now_known, now)
        raise PaymentReplaced
    return {
        "reference": reference,
        "provider": attempt.provider,
        "client": started.client,
        "expires_at": attempt.expires_at,
        "order_id": order.id,
        "status": WIRE[current.state(now)],
    }


def _open_attempt(store: Store, tills: Tills, wish: Wish, now: int) -> tuple[Order, OrderAttempt, Payer]:
    """The stored attempt to send to the provider: the open one of this method, or a new one; and who pays."""
    for _ in range(START_TRIES):
        order = load_own(store, wish.order_id, wish.member_id)
        method = choose(tills, order, wish.method, wish.place)
        _may_still_be_paid(order, now)
        payer = tills.payer(
            method.provider, order.member_id, Payer(client_ip=wish.client_ip, country=wish.place.market)
        )
        comes_back_to = return_url(wish.return_url, tills.return_urls)
        mine, others = None, []
        for one in order.attempts:
            if one.method == method.name and one.state in OPEN and one.expires_at >= now + SHORTEST_LIFE_SECONDS:
                mine = one
            elif one.state not in (port.CLOSED, *SETTLED):
                others.append(one)
        if mine is not None:
            return order, mine, payer
        # Two open attempts could both be paid: the old ones end before the new one begins.
        for other in others:
            close_attempt(store, tills.provider(other.provider), order, other, now)
        if others:
            continue
        if len(order.attempts) >= ATTEMPT_LIMIT:
            raise TooManyAttempts
        attempt = OrderAttempt(
            number=len(order.attempts) + 1, provider=method.provider, method=method.name,
            expires_at=_ends_at(method, order, now), return_url=comes_back_to,
            country=payer.country, language=wish.language,
        )  # fmt: skip
        after = order._replace(attempts=(*order.attempts, attempt))
        try:
            store.commit(replace(after), start_poll(order.reference(attempt), PAYMENT, _asked_from(attempt, now)))
        except CommitConflict:
            continue
        return after, attempt, payer
    raise StoreUnavailable("an order is contended")


def close_attempt(store: Store, provider: PaymentProvider, order: Order, attempt: OrderAttempt, now: int) -> None:
    """See to it that nobody can pay `attempt` any more. Raises OutcomeUnknown if that cannot be told for sure."""
    for _ in range(START_TRIES):
        news = _end(provider, order, attempt, now)
        if news.state != port.CLOSED:
            apply(store, attempt.provider, news, now)
            if news.state in (port.PENDING, port.AUTHORISED):
                break
            return
        order = _keep_closed(store, order, attempt, news, now)
        attempt = order.attempt(attempt.number) or attempt
        if attempt.state in (port.CLOSED, *SETTLED):
            return
        # Somebody was giving it to the provider meanwhile: what there was to close then is not what there is now.
    raise OutcomeUnknown("the payment can be neither closed nor read")


def _keep_closed(store: Store, order: Order, closed: OrderAttempt, news: Notice, now: int) -> Order:
    """The order with `closed` closed, or as it is if that attempt is no longer what the provider was asked to close."""

    def change(latest: Order) -> Advance:
        attempt = latest.attempt(closed.number)
        if attempt is None or (attempt.state, attempt.provider_id) != (closed.state, closed.provider_id):
            return Advance(latest)
        return advance(latest, attempt, news, now)

    return amend(store, order, change)


def _end(provider: PaymentProvider, order: Order, attempt: OrderAttempt, now: int) -> Notice:
    """What is known of it after the provider was asked to close it."""
    reference = order.reference(attempt)
    try:
        provider.close(reference, attempt.provider_id, now)
    except ProviderRefused:
        news = provider.query(reference, attempt.provider_id, now)
        if news.state not in (port.CREATED, port.FAILED):
            return news
        # Otherwise nobody has paid there. A page that cannot be taken back lives on: the poll asks about it once more.
    return _notice(reference, port.CLOSED, now)


def _may_still_be_paid(order: Order, now: int) -> None:
    if order.paid_by:
        raise OrderPaid
    if order.expires_at < now + SHORTEST_LIFE_SECONDS:
        raise OrderClosed


def _ends_at(method: Method, order: Order, now: int) -> int:
    if method.provider == BY_HAND:
        return now + by_hand.LIFE_SECONDS
    if method.provider == INSTALMENTS:
        return now + instalments.life_seconds(method.parts)
    return min(now + ATTEMPT_LIFE_SECONDS, order.expires_at)


def _asked_from(attempt: OrderAttempt, now: int) -> int:
    """The house's own methods have nobody to ask until their time is over."""
    return attempt.expires_at if attempt.provider in (BY_HAND, INSTALMENTS) else now


def _remember_id(store: Store, provider: str, provider_id: str, reference: str) -> None:
    try:
        store.commit(Create(provider_id_key(provider, provider_id), {"reference": reference}))
    except CommitConflict:
        pass  # the same attempt, sent again


def _notice(reference: str, state: str, now: int) -> Notice:
    """News of our own making, on the same path as everybody's."""
    return Notice(f"{reference}.{state}", reference, "", state, None, now)
