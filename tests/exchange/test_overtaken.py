"""Two copies of one request, of which one has ended the exchange while the other was about to ask for it."""

from __future__ import annotations

from tests.support.sea import Sea
from tests.support.shores import AFTER_SEND
from twinshore.exchange.exchanges import EXCHANGES, SETTLED, exchange_key
from twinshore.exchange.exchanging import ask_for


def test_an_exchange_that_is_over_is_neither_asked_for_nor_waits_again(sea: Sea) -> None:
    here = sea.linked().here
    done = here.exchange(here.quote(sea.link, 120))
    over, sent = here.store.get(exchange_key(here.member, done.id)), len(here.sent)
    here.cut = AFTER_SEND
    assert ask_for(here.store, here.peers, over, here.now()).state == SETTLED
    assert len(here.sent) == sent
    assert here.store.due(EXCHANGES, here.now() + 86_400) == []
