"""A quote: a promise, signed by the member's own cell, to exchange so many points at this rate, once, for ten minutes.

Nothing is stored for it. Its id is the exchange's id, so that using it twice is one exchange or a conflict.
"""

from __future__ import annotations

from typing import NamedTuple

from twinshore.cells import Cells
from twinshore.exchange.links import open_link
from twinshore.exchange.problems import ExchangeOutOfRange, ExchangeQuoteExpired, ExchangeQuoteInvalid
from twinshore.exchange.rates import Pair, Rate, pair_of, points_in
from twinshore.ids import new_id
from twinshore.points.problems import refused
from twinshore.points.programmes import programme_named
from twinshore.store.port import Store
from twinshore.tokens import Signer, TokenExpired, TokenInvalid

KIND = "points-quote"
VALID_SECONDS = 600


class Quote(NamedTuple):
    id: str
    member_id: str
    link: str
    other: str
    from_programme: str
    to_programme: str
    points_out: int
    points_in: int
    fee: int
    rate_times: int
    rate_over: int
    expires_at: int

    @property
    def rate(self) -> Rate:
        return Rate(self.rate_times, self.rate_over, self.fee)


class Wish(NamedTuple):
    link: str
    points: int
    programme: str = ""
    """The points that leave; "" is this cell's default."""
    to_programme: str = ""
    """What they become; "" is the other cell's default."""


def make_quote(store: Store, cells: Cells, here: str, member_id: str, wish: Wish, now: int) -> Quote:
    """Raises LinkNotFound, LinkEnded, UnknownProgramme, NotExchangeable, ExchangeOutOfRange."""
    link, _ = open_link(store, member_id, wish.link)
    pair = pair_of(
        programme_named(wish.programme, cells.all[here].shore).name,
        programme_named(wish.to_programme, cells.all[link.other].shore).name,
    )
    check_points(pair, wish.points)
    rate = pair.rate
    return Quote(
        new_id(now), member_id, link.id, link.other, pair.from_programme, pair.to_programme, wish.points,
        points_in(wish.points, rate), rate.fee, rate.times, rate.over, now + VALID_SECONDS,
    )  # fmt: skip


def check_points(pair: Pair, points: int) -> None:
    """Raises ExchangeOutOfRange."""
    if not pair.least <= points <= pair.most or points_in(points, pair.rate) < 1:
        problem = ExchangeOutOfRange("see `least` and `most`", least=pair.least, most=pair.most)
        raise refused(problem, points=points)


def sign(quote: Quote, signer: Signer, now: int) -> str:
    return signer.issue(KIND, quote._asdict(), quote.expires_at - now, now)


def read_quote(token: str, signer: Signer, member_id: str, now: int) -> Quote:
    """Raises ExchangeQuoteInvalid (another member's too), ExchangeQuoteExpired."""
    try:
        claims = signer.verify(KIND, token, now)
    except TokenExpired:
        raise refused(ExchangeQuoteExpired()) from None
    except TokenInvalid:
        raise refused(ExchangeQuoteInvalid()) from None  # a 401 would send the member to log in again
    quote = Quote(**{name: claims[name] for name in Quote._fields})
    if quote.member_id != member_id:
        raise refused(ExchangeQuoteInvalid("it is another member's"))
    return quote
