"""Who is told what. Each consumer is idempotent by event id; the wiring hands in what they work with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, NamedTuple

from twinshore.events import Event

if TYPE_CHECKING:
    from twinshore.cells import Residency
    from twinshore.notify.deliver import Channels
    from twinshore.outbox import Consumers
    from twinshore.payments.instalments import Instalments
    from twinshore.payments.port import PaymentProvider
    from twinshore.store.port import Store


class Parts(NamedTuple):
    """Each is asked for when an event comes that needs it."""

    store: Callable[[], Store]
    residency: Callable[[], Residency]
    now: Callable[[], int]
    channels: Callable[[], Channels]
    provider: Callable[[str], PaymentProvider]
    plans: Callable[[], Instalments]


def consumers_of(parts: Parts) -> Consumers:
    from functools import partial

    from twinshore.fx.tables import current
    from twinshore.notify import consumers as notify
    from twinshore.payments.capturing import capture_authorised
    from twinshore.payments.flags import keep_lists
    from twinshore.payments.holding import requote
    from twinshore.payments.instalments import complete
    from twinshore.payments.postings import post
    from twinshore.points import consumers as points
    from twinshore.rewards.catalogue import name_of

    store, now = parts.store, parts.now

    def tell(consumer: Callable[..., object]) -> Callable[[Event], None]:
        def told(event: Event) -> None:
            channels = parts.channels()
            consumer(event, store=store(), wechat=channels.wechat, mail=channels.mail, now=now())

        return told

    def credited(event: Event) -> None:
        points.credit(event, store(), parts.residency(), now())

    def withdrawn(event: Event) -> None:
        points.withdraw(event, store(), parts.residency(), now())

    def posted(event: Event) -> None:
        post(event, store())

    def completed(event: Event) -> None:
        complete(event, store(), parts.plans(), now())

    def taken(event: Event) -> None:
        capture_authorised(event, store(), parts.provider, now())

    def listed(event: Event) -> None:
        keep_lists(event, store())

    def quoted_anew(event: Event) -> None:
        requote(event, store(), lambda: current(store(), now()), now())

    return {
        "payment.authorised": (taken,),
        "payment.captured": (credited, tell(notify.receipt), posted, completed),
        "payment.refunded": (withdrawn, tell(notify.refund), posted),
        "payment.flagged": (listed, quoted_anew),
        "flag.resolved": (listed,),
        "dispute.lost": (withdrawn, posted),
        "payment.lost": (withdrawn, posted),
        "points.earned": (tell(notify.points_credited),),
        "voucher.issued": (tell(partial(notify.voucher_issued, named=name_of)),),
    }
