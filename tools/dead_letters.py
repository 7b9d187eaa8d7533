"""The queue of dead letters on AWS, as an operator reads it: see `tools.given_up`.

Three kinds of letters lie there. Of the table's stream Lambda keeps only where the records are (`DDBStreamBatchInfo`):
they are read from the stream, which has them for 24 hours, and later from the items that carried them. Of an
asynchronous call it keeps the payload (`requestPayload`). Of a schedule the Scheduler keeps the schedule's input.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Callable, Iterator, Mapping, NamedTuple

from tools.given_up import Letter
from twinshore.store.dynamodb import events_of_stream_record

HIDDEN_SECONDS = 120
"""A letter that is being looked at is nobody else's for so long."""
LETTERS_LIMIT, PAGES_LIMIT, PAGE = 500, 50, 1000
AROUND_SECONDS = 60
"""Between an event's own time and its arrival in the stream."""
INVOKE_SECONDS = 70
"""`events` and `schedule` may take a minute."""

Record = dict[str, Any]


class Aws(NamedTuple):
    sqs: Any
    streams: Any
    dynamodb: Any
    invoke: Callable[[str, Mapping[str, Any]], Any]
    """(function's name or ARN, event) -> what it returned. Raises RuntimeError if it failed."""


class Gone(Exception):
    """The stream does not have the records, or not all of them, any more."""


def of_aws(region: str) -> Aws:
    import boto3
    from botocore.config import Config

    once = Config(retries={"total_max_attempts": 1, "mode": "standard"}, read_timeout=INVOKE_SECONDS)
    functions = boto3.client("lambda", region_name=region, config=once)

    def invoke(function: str, event: Mapping[str, Any]) -> Any:
        answer = functions.invoke(FunctionName=function, Payload=json.dumps(event))
        said = json.loads(answer["Payload"].read() or b"null")
        if "FunctionError" in answer:
            raise RuntimeError(said.get("errorType", "it failed") if isinstance(said, dict) else "it failed")
        return said

    sqs, streams, dynamodb = (boto3.client(name, region_name=region) for name in ("sqs", "dynamodbstreams", "dynamodb"))
    return Aws(sqs, streams, dynamodb, invoke)


class DeadLetters:
    def __init__(self, aws: Aws, queue_url: str, functions: str) -> None:
        """functions: what the names of the cell's functions begin with."""
        self._aws, self._queue, self._functions = aws, queue_url, functions

    def letters(self) -> Iterator[Letter]:
        """Each once, and in full before the first is done with: what fails comes back into the queue meanwhile."""
        found: dict[str, Letter] = {}
        while len(found) < LETTERS_LIMIT:
            answer = self._aws.sqs.receive_message(
                QueueUrl=self._queue, MaxNumberOfMessages=10, VisibilityTimeout=HIDDEN_SECONDS, WaitTimeSeconds=1
            )
            fresh = [each for each in answer.get("Messages", []) if each["MessageId"] not in found]
            if not fresh:
                break
            for message in fresh:
                body = json.loads(message["Body"])
                found[message["MessageId"]] = Letter(message["MessageId"], self._about(body), (message, body))
        yield from found.values()
        for letter in found.values():
            self._show(letter.kept[0])

    def again(self, letter: Letter) -> str:
        message, body = letter.kept
        try:
            for function, event in self._calls(body):
                said = self._aws.invoke(function, event)
                if isinstance(said, dict) and said.get("batchItemFailures"):
                    return "failed again"
        except (Gone, RuntimeError) as err:
            return str(err)
        self._aws.sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return ""

    def _calls(self, body: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        function = body.get("requestContext", {}).get("functionArn", "")
        if "DDBStreamBatchInfo" in body:
            for record in self._told_again(body["DDBStreamBatchInfo"]):
                yield function, {"Records": [record]}
        elif "requestPayload" in body:
            yield function, body["requestPayload"]
        else:
            yield f"{self._functions}-schedule:live", body

    def _about(self, body: Mapping[str, Any]) -> str:
        if "DDBStreamBatchInfo" in body:
            try:
                records = list(self._records(body["DDBStreamBatchInfo"]))
            except Gone as err:
                return f"{body['DDBStreamBatchInfo'].get('batchSize')} events of the stream, {err}"
            events = [event for record in records for event in events_of_stream_record(record)]
            return ", ".join(f"{event.name} {event.id}" for event in events)
        asked = body.get("requestPayload", body)
        return f"job {asked.get('job', 'unknown')}" if isinstance(asked, dict) else "of no form that we know"

    def _told_again(self, batch: Mapping[str, Any]) -> Iterator[Record]:
        try:
            yield from self._records(batch)
        except Gone:
            yield from self._from_table(batch)

    def _from_table(self, batch: Mapping[str, Any]) -> Iterator[Record]:
        """What the stream has forgotten stands on the items that have not changed since: a scan of the whole table, by
        the time of the commits. Raises Gone in the end if that was not all."""
        ends = (batch["approximateArrivalOfFirstRecord"], batch["approximateArrivalOfLastRecord"])
        first, last = (datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() for text in ends)
        asked = {"TableName": batch["streamArn"].split("/")[1], "FilterExpression": "attribute_exists(#e)",
                 "ExpressionAttributeNames": {"#e": "_events"}}  # fmt: skip
        found = 0
        for page in self._aws.dynamodb.get_paginator("scan").paginate(**asked):
            for image in page["Items"]:
                record = {"eventName": "MODIFY", "dynamodb": {"NewImage": image, "SequenceNumber": "0"}}
                events = events_of_stream_record(record)
                if any(first - AROUND_SECONDS <= event.at <= last + AROUND_SECONDS for event in events):
                    found += 1
                    yield record
        if found < int(batch["batchSize"]):
            raise Gone(f"which the stream has no more; the table had {found}, which were sent again")

    def _records(self, batch: Mapping[str, Any]) -> Iterator[Record]:
        """Those with events, as Lambda would hand them over. Raises Gone."""
        first, last = int(batch["startSequenceNumber"]), int(batch["endSequenceNumber"])
        place = {"StreamArn": batch["streamArn"], "ShardId": batch["shardId"]}
        try:
            iterator = self._aws.streams.get_shard_iterator(
                **place, ShardIteratorType="AT_SEQUENCE_NUMBER", SequenceNumber=batch["startSequenceNumber"]
            )["ShardIterator"]
        except (self._aws.streams.exceptions.TrimmedDataAccessException,
                self._aws.streams.exceptions.ResourceNotFoundException) as err:  # fmt: skip
            raise Gone("which the stream has no more") from err
        for _ in range(PAGES_LIMIT):
            answer = self._aws.streams.get_records(ShardIterator=iterator, Limit=PAGE)
            for record in answer["Records"]:
                number = int(record["dynamodb"]["SequenceNumber"])
                if number > last:
                    return
                if number >= first and "_events" in record["dynamodb"].get("NewImage", {}):
                    yield json.loads(json.dumps(record, default=lambda when: int(when.timestamp())))
                if number == last:
                    return
            iterator = answer.get("NextShardIterator")
            if not iterator:
                break
        raise Gone("which the stream has not all of any more")  # an empty page is no end, and no reason to forget

    def _show(self, message: Mapping[str, Any]) -> None:
        """Back into sight, for whoever looks next; not for one that is deleted by now."""
        try:
            self._aws.sqs.change_message_visibility(
                QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
            )
        except self._aws.sqs.exceptions.ClientError:
            return
