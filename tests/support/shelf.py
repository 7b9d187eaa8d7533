"""A shop with one stocked reward of a test's own, its codes, and members with points."""

from __future__ import annotations

import uuid
from typing import Any, Callable

from tests.support.points import CELLS, NOW, key
from twinshore.cells import Residency
from twinshore.points import ledger
from twinshore.points.book import Entry, Ledger
from twinshore.rewards import stock
from twinshore.rewards.catalogue import EVER, Offer, Reward, Shop
from twinshore.rewards.issuing import issue
from twinshore.rewards.pool import Taken, take_in
from twinshore.rewards.port import ALREADY_USED, VOIDED, Code, Notice, PartnerSilent
from twinshore.rewards.redeeming import Redeemed, redeem
from twinshore.rewards.vouchers import Desk, Voucher, vouchers_of
from twinshore.vault import TextSeals

PRICE = 10
DAY = 86_400
SEALS = TextSeals(lambda: '[{"id": "k", "secret": "' + "5a" * 32 + '"}]')


class Partner:
    """In place of a partner's system, where its answer is all that matters."""

    def __init__(self) -> None:
        self.used: set[str] = set()
        self.voided: list[str] = []
        self.silent = False

    def void(self, serial: str) -> str:
        if self.silent:
            raise PartnerSilent
        if serial in self.used:
            return ALREADY_USED
        self.voided.append(serial)
        return VOIDED

    def read(self, headers: Any, body: bytes, now: int) -> Notice:
        raise NotImplementedError

    news = statuses = read  # type: ignore[assignment]


class Shelf:
    """In the cell `eu`. `terms` are fields of the reward: cap, valid_days, expiry_refunds, partner, ..."""

    def __init__(self, open_store: Callable[..., Any], **terms: Any) -> None:
        self.open_store = open_store
        self.now = NOW
        self.store = open_store(now=lambda: self.now)
        self.name = f"thing_{uuid.uuid4().hex[:8]}"
        given = {"partner": "lounge_network", "cap_period": EVER, **terms}
        prices = {"overseas": PRICE}
        reward = Reward(self.name, "lounge", prices=prices, names={"en": "A thing"}, stocked=True, **given)
        self.shop = Shop(CELLS, "eu", {self.name: reward})
        self.offer: Offer = self.shop.offer(self.name, "DE")
        self.partner = Partner()

    @property
    def stock(self) -> stock.Stock:
        return stock.Stock(self.store, self.offer.id)

    def left(self) -> int:
        return stock.left(self.stock)

    def partners(self, name: str) -> Any:
        assert name == self.offer.partner.name
        return self.partner

    def desk(self, store: Any = None) -> Desk:
        return Desk(store or self.store, Residency(CELLS, "eu"))

    def codes(self, count: int, first: int = 0, life_days: int = 400) -> list[Code]:
        return [
            Code(f"{self.name}-{number}", f"secret-{self.name}-{number}", NOW + life_days * DAY)
            for number in range(first, first + count)
        ]

    def fill(self, count: int, first: int = 0, **more: Any) -> Taken:
        return take_in(self.store, self.offer, self.codes(count, first, **more), SEALS, self.now)

    def member(self, name: str = "anna", points: int = PRICE, store: Any = None) -> Ledger:
        book = Ledger(store or self.store, Residency(CELLS, "eu"), f"m_{name}_{self.name}", "overseas")
        if points:
            ledger.earn(book, points, "order:1", "o1", NOW)
        return book

    def buy(self, book: Ledger, name: str = "k1") -> Voucher:
        """Redeem and issue, as the door does."""
        done = self.redeem(book, name)
        return issue(self.desk(book.store), book.member_id, done.voucher_id, self.now)

    def redeem(self, book: Ledger, name: str = "k1") -> Redeemed:
        return redeem(book, self.offer, key(name), self.now)

    def vouchers(self, book: Ledger) -> list[Voucher]:
        return vouchers_of(self.desk(), book.member_id)[0]

    def entries(self, book: Ledger) -> list[Entry]:
        return ledger.entries(book, 1000, None)[0]
