"""The Store on one DynamoDB table per cell.

A commit of one change is one conditional write (1 write unit per kB), of several a transaction (2 each). Its events
ride on the first item that it writes, and the table's stream tells them: see `events_of_stream_record`.

The client is passed in: whatever has the methods of boto3's low-level client, and raises errors that carry
`response["Error"]["Code"]` when DynamoDB answered. It must not repeat calls by itself (`CLIENT_RETRIES`): a lone
Increment whose answer was lost would count twice. What is safe to repeat, this module repeats.
"""

from __future__ import annotations

import heapq
import itertools
import os
import time
from typing import Any, Callable, Iterator

from twinshore.events import Event
from twinshore.store import attributes, encoding
from twinshore.store.attributes import DUE_AT, DUE_SHARDS, EXPIRES_AT, LIVE, QUEUE, events_of_stream_record
from twinshore.store.port import Change, CommitConflict, Create, Increment, Item, Key, Page, Replace, StoreUnavailable

__all__ = ["CLIENT_RETRIES", "DynamoStore", "create_table", "events_of_stream_record", "table_definition"]

CLIENT_RETRIES = {"total_max_attempts": 1, "mode": "standard"}
"""For botocore's `Config(retries=...)`."""
TRIES = 10
PAUSE_SECONDS = 0.025
LONGEST_PAUSE_SECONDS = 1.0
BATCH_GET_LIMIT = 100
DUE_INDEX = "due"

NOT_APPLIED = frozenset(
    (
        "ProvisionedThroughputExceededException",
        "ProvisionedThroughputExceeded",
        "ThrottlingException",
        "ThrottlingError",
        "RequestLimitExceeded",
        "TransactionConflictException",
        "TransactionConflict",
        "TransactionInProgressException",
    )
)
UNKNOWN_OUTCOME = frozenset(("InternalServerError", "InternalFailure", "ServiceUnavailable", "RequestTimeout"))
NO_ANSWER = frozenset(("OSError", "ConnectionError", "HTTPClientError"))
"""Base classes of what clients raise when no answer came; by name, because the client is not ours to import."""
NOT_DELIVERED = frozenset(("EndpointConnectionError", "ConnectTimeoutError"))
"""Among these, what surely did not reach DynamoDB; our own client says so by `delivered`."""

METHODS = {"Put": "put_item", "Update": "update_item", "Delete": "delete_item"}


class DynamoStore:
    """See `port.Store`."""

    def __init__(
        self,
        client: Any,
        table: str,
        on_committed: encoding.OnCommitted = None,
        *,
        now: Callable[[], float] = time.time,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        """pause_seconds: the longest first pause before a call is made again; each further one may be twice as long."""
        meta = getattr(client, "meta", None)
        if meta is not None and (meta.config.retries or {}).get("total_max_attempts") != 1:
            raise ValueError("the client repeats calls by itself: build it with CLIENT_RETRIES")
        self._client = client
        self._table = table
        self._on_committed = on_committed
        self._now = now
        self._pause_seconds = pause_seconds

    def get(self, key: Key, consistent: bool = True) -> Item | None:
        encoding.check_key(key)
        answer = self._ask("get_item", Key=attributes.encode_key(key), TableName=self._table, ConsistentRead=consistent)
        return attributes.live_item(answer.get("Item"), int(self._now()))

    def query(
        self, partition: str, prefix: str = "", after: str | None = None, limit: int = 100, newest_first: bool = False
    ) -> Page:
        encoding.check_query(partition, prefix, after, limit)
        condition, values = "pk = :p", {":p": {"S": partition}, ":now": attributes.number(int(self._now()))}
        if prefix:
            condition += " AND begins_with(sk, :prefix)"
            values[":prefix"] = {"S": prefix}
        rows = self._rows(
            None if after is None else attributes.encode_key(Key(partition, after)),
            KeyConditionExpression=condition,
            FilterExpression=LIVE,
            ExpressionAttributeNames={"#e": EXPIRES_AT},
            ExpressionAttributeValues=values,
            ConsistentRead=True,
            ScanIndexForward=not newest_first,
            Limit=limit + 1,
        )
        items = [attributes.decode_item(row) for row in itertools.islice(rows, limit + 1)]
        return Page(items[:limit], items[limit - 1].key.sort if len(items) > limit else None)

    def commit(self, *changes: Change, events: tuple[Event, ...] = ()) -> None:
        encoding.check_commit(changes, events)
        told = "[" + ",".join(encoding.encode_events(events)) + "]" if events else None
        teller = next((change.key for change in changes if isinstance(change, (Create, Replace, Increment))), None)
        now = int(self._now())
        expired: set[Key] = set()
        for _ in range(len(changes) + TRIES):
            operations = [
                attributes.operation(change, told if change.key == teller else None, now, change.key in expired)
                for change in changes
            ]
            refused = self._write(operations)
            if refused is None:
                return encoding.tell(self._on_committed, events)
            index, found = refused
            _conflict_or_expired(changes[index], found, now, expired)
        raise StoreUnavailable("expired items came and went")

    def due(self, queue: str, before: int, limit: int = 100) -> list[Item]:
        encoding.check_due(queue, before, limit)
        shards = [self._due_keys(attributes.sharded(queue, shard), before, limit) for shard in range(DUE_SHARDS)]
        keys = (key for _, key in heapq.merge(*shards))
        found: list[Item] = []
        # The index may lag: the items themselves are asked, and decide.
        while len(found) < limit and (batch := list(itertools.islice(keys, BATCH_GET_LIMIT))):
            for item in self._get_all(batch):
                if item.due is not None and item.due.queue == queue and item.due.at <= before:
                    found.append(item)
        return sorted(found, key=lambda item: item.due.at if item.due else 0)[:limit]

    def scan(self, after: Key | None, limit: int) -> tuple[list[Item], Key | None]:
        """A page of all items, in an order of the engine's own, and where to go on: operators' work, no door's."""
        start: dict[str, Any] = {} if after is None else {"ExclusiveStartKey": attributes.encode_key(after)}
        answer = self._ask("scan", TableName=self._table, Limit=limit, ConsistentRead=True, **start)
        found = (attributes.live_item(row, int(self._now())) for row in answer["Items"])
        last = answer.get("LastEvaluatedKey")
        return [item for item in found if item is not None], None if last is None else attributes.decode_key(last)

    def _due_keys(self, sharded_queue: str, before: int, limit: int) -> Iterator[tuple[int, Key]]:
        rows = self._rows(
            None,
            IndexName=DUE_INDEX,
            KeyConditionExpression="#q = :q AND #d <= :before",
            ExpressionAttributeNames={"#q": QUEUE, "#d": DUE_AT},
            ExpressionAttributeValues={":q": {"S": sharded_queue}, ":before": attributes.number(before)},
            Limit=limit,
        )
        return ((int(row[DUE_AT]["N"]), attributes.decode_key(row)) for row in rows)

    def _get_all(self, keys: list[Key]) -> Iterator[Item]:
        wanted: Any = {"Keys": [attributes.encode_key(key) for key in keys], "ConsistentRead": True}
        for attempt in range(TRIES):
            answer = self._ask("batch_get_item", RequestItems={self._table: wanted})
            for row in answer["Responses"].get(self._table, []):
                item = attributes.live_item(row, int(self._now()))
                if item is not None:
                    yield item
            wanted = answer.get("UnprocessedKeys", {}).get(self._table)
            if not wanted:
                return
            self._pause(attempt)
        raise StoreUnavailable("DynamoDB left keys unread")

    def _rows(self, start: Any, **parameters: Any) -> Iterator[Any]:
        """Row by row, asking for the next page when it is needed; each page has an end, and so has the partition."""
        while True:
            if start is not None:
                parameters["ExclusiveStartKey"] = start
            answer = self._ask("query", TableName=self._table, **parameters)
            yield from answer["Items"]
            start = answer.get("LastEvaluatedKey")
            if start is None:
                return

    def _write(self, operations: list[tuple[str, Any]]) -> tuple[int, Any] | None:
        """None when written; else the index of the first operation that was refused, and the item it found."""
        kind, only = operations[0]
        try:
            if len(operations) == 1 and kind in METHODS:
                self._ask(METHODS[kind], repeatable=False, TableName=self._table, **only)
            else:
                self._ask(
                    "transact_write_items",
                    TransactItems=[{kind: {**how, "TableName": self._table}} for kind, how in operations],
                    # Random, not made of the content: the same change twice is two changes. Repeats inside `_ask`
                    # carry the same token, so a transaction whose answer was lost is not done twice.
                    ClientRequestToken=os.urandom(16).hex(),
                )
        except _Refused as refused:
            return refused.index, refused.found
        return None

    def _ask(self, method: str, *, repeatable: bool = True, **parameters: Any) -> Any:
        for attempt in range(TRIES):
            try:
                return getattr(self._client, method)(**parameters)
            except Exception as err:
                if not _may_repeat(err, repeatable):
                    raise StoreUnavailable("DynamoDB gave no answer") from err
                last = err
            self._pause(attempt)
        raise StoreUnavailable("DynamoDB is too busy") from last

    def _pause(self, attempt: int) -> None:
        """Between nothing and twice as long each time: those who collided must not meet again."""
        longest = min(LONGEST_PAUSE_SECONDS, self._pause_seconds * 2**attempt)
        time.sleep(longest * int.from_bytes(os.urandom(2), "big") / 65536)


class _Refused(Exception):
    """A condition failed: that of operation number `index`, which found the item `found`."""

    def __init__(self, index: int, found: Any) -> None:
        super().__init__(index)
        self.index = index
        self.found = found


def _may_repeat(err: Exception, repeatable: bool) -> bool:
    """Whether the call may be made again. Raises _Refused for a condition, and `err` itself if it is not about us
    being unable to reach DynamoDB (a wrong parameter, a missing right)."""
    response = getattr(err, "response", None)
    if response is None:
        if NO_ANSWER.isdisjoint(kind.__name__ for kind in type(err).__mro__):
            raise err
        return repeatable or type(err).__name__ in NOT_DELIVERED or not getattr(err, "delivered", True)
    code = response["Error"]["Code"]
    if code == "ConditionalCheckFailedException":
        raise _Refused(0, response.get("Item")) from err
    if code == "TransactionCanceledException":
        reasons = response.get("CancellationReasons", [])
        for index, reason in enumerate(reasons):
            if reason.get("Code") == "ConditionalCheckFailed":
                raise _Refused(index, reason.get("Item")) from err
        codes = {reason.get("Code") for reason in reasons} - {"None", None}
        code = codes.pop() if len(codes) == 1 else "TransactionConflict" if codes & NOT_APPLIED else code
    if code in NOT_APPLIED:
        return True
    if code not in UNKNOWN_OUTCOME and response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) < 500:
        raise err
    return repeatable


def _conflict_or_expired(change: Change, found: Any, now: int, expired: set[Key]) -> None:
    """Raise the conflict; but an Increment of an expired item, which counts as absent, is to be tried anew."""
    current = attributes.live_item(found, now)
    was_expired = found is not None and bool(found) and current is None
    if isinstance(change, Increment) and was_expired and encoding.incremented(0, change) is not None:
        expired.add(change.key)
    elif change.key in expired:  # it was expired when we last looked; now it is gone, or made anew
        expired.discard(change.key)
    else:
        raise CommitConflict(change.key, current)


def table_definition(name: str) -> dict[str, Any]:
    """The parameters of CreateTable. Infrastructure code declares the same table."""
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
            {"AttributeName": QUEUE, "AttributeType": "S"},
            {"AttributeName": DUE_AT, "AttributeType": "N"},
        ],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": DUE_INDEX,
                "KeySchema": [
                    {"AttributeName": QUEUE, "KeyType": "HASH"},
                    {"AttributeName": DUE_AT, "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    }


def create_table(client: Any, name: str) -> None:
    """Make the table with its stream and its expiry, and wait until it is there. For tests and the box."""
    client.create_table(**table_definition(name))
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    client.update_time_to_live(TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": EXPIRES_AT})
