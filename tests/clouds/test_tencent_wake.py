"""After a commit on Tencent the events function is invoked, and nothing that goes wrong there reaches the caller."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest

from sandbox.twins.tencent_cloud import TencentCloudTwin
from tests.support.doors import Place, load_door
from twinshore import wiring
from twinshore.cells import Residency, load_cells
from twinshore.events import Event
from twinshore.points import ledger
from twinshore.store.port import OUTBOX, Create, Key

NOW = 1_800_000_000
PAID = {
    "order_id": "o1", "member_id": "m_li", "amount_minor": 2500, "currency": "CNY", "provider": "wechat_pay",
    "reference": "o1-1", "captured_at": NOW,
}  # fmt: skip
EVENT = Event("payment.captured:o1", "payment.captured", NOW, PAID)
ACCOUNT = {"AKIDinvented": ("invented-key", "invented-session")}


@pytest.fixture
def scf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TencentCloudTwin]:
    """The cn cell as SCF runs it: a function's name, the role's temporary keys, and a twin of the Invoke API."""
    with TencentCloudTwin(ACCOUNT) as twin:
        monkeypatch.setenv("SCF_FUNCTIONNAME", "twinshore-prod-cn-payments")
        monkeypatch.setenv("TENCENTCLOUD_SECRETID", "AKIDinvented")
        monkeypatch.setenv("TENCENTCLOUD_SECRETKEY", "invented-key")
        monkeypatch.setenv("TENCENTCLOUD_SESSIONTOKEN", "invented-session")
        for name in ("TWINSHORE_CELL", "TWINSHORE_STORE", "TWINSHORE_SECRETS", "TWINSHORE_OUTSIDE"):
            monkeypatch.setenv(name, "")
        Place("cn", tmp_path, {}, {"scf": twin.url})
        yield twin
    wiring.reset()


def commit() -> None:
    wiring.store().commit(Create(Key("order#o1", "order"), {}), events=(EVENT,))


def test_a_commit_wakes_the_events_function_which_credits_the_points(scf: TencentCloudTwin) -> None:
    commit()
    [(name, event)] = scf.invocations
    assert name == "twinshore-prod-cn-events"
    said = load_door("events").main_handler(event, {"request_id": "r", "time_limit_in_ms": 10_000})
    assert said == {"delivered": 1, "failed": 0}
    assert ledger.balance(wiring.points_of("m_li")) == 25
    # The credit is a commit with an event of its own, which has woken the function in its turn.
    assert [event["events"][0]["name"] for _, event in scf.invocations] == ["payment.captured", "points.earned"]
    assert [item.fields["name"] for item in wiring.store().due(OUTBOX, NOW + 10**6)] == ["points.earned"]


@pytest.mark.parametrize("fault", [{"error": "ResourceNotFound.Function"}, {"status": 502}, {"reset": True}])
def test_a_wake_up_that_fails_leaves_the_commit_and_its_event(scf: TencentCloudTwin, fault: dict[str, object]) -> None:
    scf.faults = dict(fault)
    commit()
    assert wiring.store().get(Key("order#o1", "order")) is not None
    assert [item.fields["id"] for item in wiring.store().due(OUTBOX, NOW + 10**6)] == [EVENT.id]


def test_a_role_without_keys_leaves_it_to_the_sweep(scf: TencentCloudTwin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TENCENTCLOUD_SECRETID")
    commit()
    assert scf.invocations == []
    assert len(wiring.store().due(OUTBOX, NOW + 10**6)) == 1


def test_a_commit_without_events_wakes_nobody(scf: TencentCloudTwin) -> None:
    book = ledger.Ledger(wiring.store(), Residency(load_cells(), "cn"), "m_li")
    assert ledger.balance(book) == 0
    wiring.store().commit(Create(Key("order#o2", "order"), {}))
    assert scf.invocations == []
