"""A commit's events are part of it: rows of the outbox, or records of the table's stream."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from tests.support import engines
from twinshore.events import Event, event_from_json
from twinshore.store.dynamodb import DynamoStore, events_of_stream_record
from twinshore.store.port import CommitConflict, Create, Delete, Due, Increment, Key, Replace, Require


@pytest.fixture
def event(fresh: Callable[[str], str]) -> Event:
    return Event(fresh("paid"), "payment.captured", 7, {"order_id": "o-1", "amount_minor": 1299, "note": "\u6c49'\\"})


@pytest.fixture
def told(store: Any, request: pytest.FixtureRequest) -> Callable[[], list[Event]]:
    """Every event that the engine would hand to consumers, of all tests so far."""

    def read() -> list[Event]:
        if isinstance(store, DynamoStore):
            engine = request.node.callspec.params["open_store"]
            client, table = request.getfixturevalue("tables")[engine]
            records = engines.streamed(client, request.getfixturevalue(f"{engine}_url"), table)
            return [event for record in records for event in events_of_stream_record(record)]
        return [event_from_json(item.fields) for item in store.due("outbox", 7, limit=1000)]

    return read


@pytest.mark.parametrize("kind", ["create", "replace", "increment", "after delete", "among many"])
def test_a_commit_tells_its_events_once(
    store: Any, key: Key, event: Event, told: Callable[[], list[Event]], kind: str, fresh: Callable[[str], str]
) -> None:
    second = event._replace(id=fresh("second"), data={})
    other = Key(fresh("other"), "x")
    if kind != "create":
        store.commit(Create(key, {"n": 1}))
    changes = {
        "create": (Create(key, {}),),
        "replace": (Replace(key, {}, 1),),
        "increment": (Increment(key, "n", 1),),
        "after delete": (Delete(key, 1), Require(Key(fresh("none"), "x"), 0), Create(other, {})),
        "among many": (Create(other, {}), Increment(key, "n", 1, at_least=0)),
    }
    store.commit(*changes[kind], events=(event, second))
    assert [e for e in told() if e.id in (event.id, second.id)].count(event) == 1
    assert [e for e in told() if e.id in (event.id, second.id)].count(second) == 1


def test_later_commits_on_the_item_tell_nothing_again(
    store: Any, key: Key, event: Event, told: Callable[[], list[Event]]
) -> None:
    store.commit(Create(key, {"n": 1}), events=(event,))
    store.commit(Increment(key, "n", 1))
    store.commit(Replace(key, {"n": 5}, 2))
    store.commit(Delete(key, 3))
    assert told().count(event) == 1


def test_a_refused_commit_tells_nothing(
    store: Any, key: Key, event: Event, told: Callable[[], list[Event]], fresh: Callable[[str], str]
) -> None:
    store.commit(Create(key, {"n": 1}))
    with pytest.raises(CommitConflict):
        store.commit(Create(Key(fresh("new"), "x"), {}), Increment(key, "n", -9, at_least=0), events=(event,))
    assert event not in told()


def test_the_same_event_again_is_already_told_and_loses_no_commit(store: Any, key: Key, event: Event) -> None:
    store.commit(Create(key, {"n": 1}), events=(event,))
    store.commit(Replace(key, {"n": 2}, 1), events=(event._replace(data={"changed": 1}),))
    assert store.get(key).fields == {"n": 2}
    if not isinstance(store, DynamoStore):
        rows = [item for item in store.due("outbox", 7, limit=1000) if item.fields["id"] == event.id]
        assert [event_from_json(row.fields) for row in rows] == [event]


@pytest.mark.parametrize("open_store", ["sqlite", "postgres"], indirect=True)  # a stream's own place is DynamoDB's way
def test_an_event_is_acknowledged_by_deleting_its_outbox_item(store: Any, key: Key, event: Event) -> None:
    store.commit(Create(key, {}), events=(event,))
    (row,) = [item for item in store.due("outbox", event.at, limit=1000) if item.fields["id"] == event.id]
    assert (row.key, row.due) == (Key(f"outbox#{event.id}", "event"), Due("outbox", event.at))
    assert row not in store.due("outbox", event.at - 1, limit=1000)
    store.commit(Delete(row.key, row.version))
    assert row not in store.due("outbox", event.at, limit=1000)


def test_the_hook_hears_of_events_after_their_commit_and_cannot_undo_it(
    open_store: Callable[..., Any], key: Key, event: Event
) -> None:
    heard: list[Any] = []

    def hook(events: tuple[Event, ...]) -> None:
        heard.append((events, open_store().get(key) is not None))
        raise RuntimeError("the hook's own trouble")

    store = open_store(on_committed=hook)
    store.commit(Create(Key(key.partition, "quiet"), {}))
    assert heard == []
    store.commit(Create(key, {}), events=(event,))
    with pytest.raises(CommitConflict):
        store.commit(Create(key, {}), events=(event,))
    assert heard == [((event,), True)]


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"dynamodb": {}},
        {"eventName": "REMOVE", "dynamodb": {"OldImage": {"_events": {"S": "[]"}}}},
        {"dynamodb": {"NewImage": {"pk": {"S": "x"}}}},
        {"dynamodb": {"NewImage": {"_events": {"S": "[1]"}}, "OldImage": {"_events": {"S": "[1]"}}}},
    ],
)
def test_a_stream_record_without_news_tells_nothing(record: dict[str, Any]) -> None:
    assert events_of_stream_record(record) == ()
