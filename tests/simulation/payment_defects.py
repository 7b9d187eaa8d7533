"""Mistakes that a payments room can have, put between it and its ports: the simulator must find each."""

from __future__ import annotations

import itertools
from typing import Any, Callable, Mapping

from tests.simulation.defects import Around, is_entry
from tests.simulation.world import Defect
from twinshore.events import Event
from twinshore.money import Money
from twinshore.payments.order import ORDER_ID_LENGTH
from twinshore.payments.port import CAPTURED, Attempt, Notice, ProviderRefused, Started
from twinshore.store.port import Change, Create, Replace, Store


class EarnsOnEachNotice(Around):
    """Points of a payment that have been credited are credited once more when the same news comes again."""

    def __init__(self, engine: Store) -> None:
        super().__init__(engine)
        self._numbers = itertools.count()

    def commit(self, *changes: Change, events: tuple[Event, ...] = ()) -> None:
        self._engine.commit(*map(self._unused, changes), events=events)

    def _unused(self, change: Any) -> Any:
        ours = is_entry(change, "earn") and len(change.fields["reason"]) == ORDER_ID_LENGTH
        if not ours or self._engine.get(change.key) is None:
            return change
        return change._replace(key=change.key._replace(sort=f"{change.key.sort}{next(self._numbers)}"))


class LastWriteWins(Around):
    """An order is written as somebody has read it, whatever has become of it since."""

    def commit(self, *changes: Change, events: tuple[Event, ...] = ()) -> None:
        self._engine.commit(*map(self._regardless, changes), events=events)

    def _regardless(self, change: Any) -> Any:
        if not isinstance(change, Replace) or change.key.sort != "order":
            return change
        current = self._engine.get(change.key)
        return change if current is None else change._replace(version=current.version)


class NobodyAsks(Around):
    """What becomes of a payment is heard from the party alone."""

    def commit(self, *changes: Change, events: tuple[Event, ...] = ()) -> None:
        asked = tuple(change for change in changes if not (isinstance(change, Create) and change.key.sort == "poll"))
        self._engine.commit(*asked, events=events)


class AmountNotLookedAt:
    """Whatever a party says that it has taken is taken for what was asked."""

    def __init__(self, provider: Any) -> None:
        self._provider = provider
        self._asked: dict[str, Money] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._provider, name)

    def create(self, attempt: Attempt, now: int) -> Started:
        self._asked[attempt.reference] = attempt.amount
        started: Started = self._provider.create(attempt, now)
        return started

    def query(self, reference: str, provider_id: str, now: int) -> Notice:
        return self._as_asked(self._provider.query(reference, provider_id, now))

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: int) -> Any:
        notices, said = self._provider.read_webhook(headers, body, now)
        return [self._as_asked(notice) for notice in notices], said

    def _as_asked(self, notice: Notice) -> Notice:
        asked = self._asked.get(notice.reference)
        taken = asked is not None and notice.state == CAPTURED and notice.amount is not None
        return notice._replace(amount=asked) if taken else notice


class ClosedWithoutAsking:
    """A party that does not close a payment is not asked why."""

    def __init__(self, provider: Any) -> None:
        self._provider = provider

    def __getattr__(self, name: str) -> Any:
        return getattr(self._provider, name)

    def close(self, reference: str, provider_id: str, now: int) -> None:
        try:
            self._provider.close(reference, provider_id, now)
        except ProviderRefused:
            return


def refunds_without_a_key(call: Callable[..., Any]) -> Callable[..., Any]:
    """The party cannot tell a refund that is sent again from another one."""

    def send(method: str, url: str, headers: Mapping[str, str], body: bytes, timeout_seconds: float) -> Any:
        kept = {name: value for name, value in headers.items() if name != "Idempotency-Key"}
        return call(method, url, kept if url.endswith("/v1/refunds") else headers, body, timeout_seconds)

    return send


PAYMENT_DEFECTS = {
    "points on each notice": Defect(store=EarnsOnEachNotice),
    "the last write of an order wins": Defect(store=LastWriteWins),
    "nobody asks": Defect(store=NobodyAsks),
    "the amount is not looked at": Defect(provider=AmountNotLookedAt),
    "closed without asking": Defect(provider=ClosedWithoutAsking),
    "refunds without a key": Defect(call=refunds_without_a_key),
}
