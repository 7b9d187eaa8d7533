"""How rewards are plugged in: what this cell offers, who its partners are, who seals their codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

from twinshore import deployment

if TYPE_CHECKING:
    from twinshore.events import Event
    from twinshore.outbox import Consumers
    from twinshore.points.book import Entry, Ledger
    from twinshore.rewards.catalogue import Shop
    from twinshore.rewards.pool import Taken
    from twinshore.rewards.port import Partner, Seals
    from twinshore.rewards.syncing import Counter, Heard
    from twinshore.rewards.vouchers import Desk
    from twinshore.rewards.wire import CodesIn
    from twinshore.store.port import Store
    from twinshore.web import Request


def shop() -> Shop:
    from twinshore.rewards.catalogue import Shop

    return Shop(deployment.cells(), deployment.cell_name())


def desk(store: Store) -> Desk:
    from twinshore.rewards.vouchers import Desk

    return Desk(store, deployment.residency())


def seals() -> Seals:
    from twinshore.vault import TextSeals

    return TextSeals(lambda: deployment.secret("vault_keys"))


def partner(name: str) -> Partner:
    """Raises NotFound."""
    from twinshore.errors import NotFound
    from twinshore.measured import measured
    from twinshore.providers.partner_vouchers.client import partner_of
    from twinshore.rewards.catalogue import PARTNERS
    from twinshore.secret_port import SecretMissing

    try:
        secret = deployment.secret("reward_partners")
    except SecretMissing:
        raise NotFound("this cell has no partners") from None
    found = partner_of(name, secret, deployment.outside("partner", ""))
    if name not in PARTNERS or found is None:
        raise NotFound("no such partner here")
    return measured(found, "partner", ("news", "statuses", "void"))


def redeem(book: Ledger, name: str, market: str, request: Request) -> Entry:
    """Points for a reward of this cell, and its voucher if it has one."""
    from twinshore.rewards.issuing import issue_now
    from twinshore.rewards.redeeming import redeem as bought

    done = bought(book, shop().offer(name, market), request.idempotency, request.now)
    if done.voucher_id:
        issue_now(desk(book.store), book.member_id, done.voucher_id, request.now)
    return done.entry


def refund(book: Ledger, redemption_id: str, now: int) -> Entry:
    from twinshore.rewards.redeeming import refund as given_back

    return given_back(desk(book.store), book, redemption_id, now)


def and_vouchers(own: Consumers, store: Callable[[], Store], now: Callable[[], int]) -> Consumers:
    """A voucher whose request died gets its code."""

    def claimed(event: Event) -> None:
        from twinshore.rewards.issuing import claimed as issue

        issue(event, desk(store()), now())

    return {**own, "voucher.claimed": (*own.get("voucher.claimed", ()), claimed)}


def counter(store: Store) -> Counter:
    from twinshore.rewards.syncing import Counter

    return Counter(desk(store), shop(), seals())


def take_in(store: Store, codes: CodesIn, now: int) -> Taken:
    """What a service hands in. Raises RewardNotFound, CodesRefused."""
    from twinshore.rewards.pool import take_in as taken

    return taken(store, shop().offer_of(codes.offer_id), codes.wanted(), seals(), now)


def hear(store: Store, name: str, request: Request) -> Heard:
    """What a partner has pushed. Raises NotFound, PartnerSignatureRefused, CodesRefused, RewardNotFound."""
    from twinshore.rewards.syncing import hear as heard

    notice = partner(name).read(request.headers, request.body, request.now)
    return heard(counter(store), name, notice, request.now)


def sync_partners(store: Store, now: int) -> dict[str, object]:
    """The job `partner-sync`: what requests and consumers have left undone; then each partner is asked for its news,
    and once a day for its whole list."""
    from twinshore.rewards.catalogue import PARTNERS
    from twinshore.rewards.syncing import sync_all

    done: dict[str, object] = {**sweep_vouchers(store, now)}
    return {**done, **sync_all(counter(store), PARTNERS, partner, now)}


def sweep_vouchers(store: Store, now: int) -> dict[str, int]:
    from twinshore.rewards.issuing import issue_due
    from twinshore.rewards.pool import strike_out_stale
    from twinshore.rewards.returning import expire_due, finish_due
    from twinshore.rewards.watching import watch

    here, goods = desk(store), shop()
    return {
        "issued": issue_due(here, now).done,
        "returned": finish_due(here, partner, now).done,
        "expired": expire_due(here, goods, partner, now).done,
        "stale": strike_out_stale(store, now),
        "low": watch(store, goods.stocked(), now),
    }
