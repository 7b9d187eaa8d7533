"""Two of ours come to the same charge in the same instant: the later one builds on what the earlier one wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator, NamedTuple

import pytest

from sandbox.twins.grabpay import GrabPayTwin
from tests.support.at_twins import reason
from tests.support.grabpay_place import (
    REFERENCE,
    SGD_300,
    SGD_1299,
    VAULT_KEYS,
    Place,
    agree,
    attempt,
    present,
    provider,
)
from tests.support.vaults import Interrupted
from twinshore.payments.port import CAPTURED, CLOSED, REFUNDED, ProviderRefused
from twinshore.providers.exchange import send_outbound
from twinshore.store.sqlite import SqliteStore
from twinshore.vault import StoreVault


class Two(NamedTuple):
    here: Place
    """Whose next write can be overtaken."""
    there: Place
    store: Interrupted


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    store = SqliteStore(tmp_path / "store.db")
    slow = Interrupted(store)
    with GrabPayTwin() as twin:
        places = []
        for engine in (slow, store):
            vault = StoreVault(engine, "grabpay", lambda: VAULT_KEYS)  # type: ignore[arg-type]
            places.append(Place(twin, vault, provider(twin.url, twin.secret(), vault)))
        yield Two(*places, slow)


def test_a_create_that_is_overtaken_on_its_way_to_grab_gives_the_same_address(two: Two) -> None:
    first: list[Any] = []

    def slow(method: str, url: str, *rest: Any) -> Any:
        if url.endswith("/charge/init") and not first:
            first.append(two.there.pay.create(attempt(), present()).client)
        return send_outbound(method, url, *rest)

    here = provider(two.here.twin.url, two.here.twin.secret(), two.here.vault, send=slow)
    assert here.create(attempt(), present()).client == first[0]


def test_a_close_that_is_overtaken_by_a_capture_keeps_the_payers_token(two: Two) -> None:
    returned = agree(two.here.twin, two.here.pay.create(attempt(), present()))
    two.store.meanwhile = lambda: two.there.capture(**returned)
    with pytest.raises(ProviderRefused) as refused:
        two.here.pay.close(REFERENCE, "", present())
    assert reason(refused) == "already_paid"
    assert two.here.query().state == CAPTURED
    assert two.here.refund("o1-r1") == REFUNDED


def test_a_capture_that_is_overtaken_by_a_close_takes_no_money(two: Two) -> None:
    returned = agree(two.here.twin, two.here.pay.create(attempt(), present()))
    two.store.meanwhile = lambda: two.there.pay.close(REFERENCE, "", present())
    assert two.here.capture(**returned).state == CLOSED == two.there.query().state
    assert two.here.charge()["txStatus"] == "authorised"


def test_two_captures_take_the_money_once_and_it_can_be_refunded(two: Two) -> None:
    returned = agree(two.here.twin, two.here.pay.create(attempt(), present()))
    lost: list[str] = []

    def capture_too() -> None:
        with pytest.raises(ProviderRefused) as refused:  # the code is used up, and whose token it made is not known yet
            two.there.capture(**returned)
        lost.append(reason(refused))

    two.store.meanwhile = capture_too
    assert two.here.capture(**returned).state == CAPTURED
    assert lost == ["authorisation_lost"]
    assert two.there.refund("o1-r1", SGD_300) == REFUNDED
    assert two.here.query().amount == SGD_1299
