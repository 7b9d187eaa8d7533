"""The light client under the DynamoDB store: it behaves as boto3's does, on the same engine."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from sandbox.twins.tencent_cloud import TencentCloudTwin
from twinshore.clouds.aws.json_service import JsonService, ServiceError, Unanswered, dynamodb_service
from twinshore.store.dynamodb import DynamoStore, create_table
from twinshore.store.port import CommitConflict, Create, Due, Increment, Key, Require, StoreUnavailable


@pytest.fixture
def table(moto_url: str, aws_role: None) -> str:
    import boto3

    name = f"t{uuid.uuid4().hex}"
    create_table(boto3.client("dynamodb", region_name="eu-central-1", endpoint_url=moto_url), name)
    return name


@pytest.fixture
def light(moto_url: str, table: str) -> JsonService:
    return dynamodb_service("eu-central-1", moto_url)


def test_the_store_works_on_it_with_one_item_and_with_transactions(light: JsonService, table: str) -> None:
    store = DynamoStore(light, table)
    one, two = Key("a#1", "one"), Key("a#1", "two")
    store.commit(Create(one, {"name": "李雷", "n": 1}, due=Due("q", 5)))
    store.commit(Increment(one, "n", 4), Create(two, {}))
    item = store.get(one)
    assert item is not None
    assert item.fields == {"name": "李雷", "n": 5}
    assert [found.key for found in store.query("a#1").items] == [one, two]
    assert [found.key for found in store.due("q", 5)] == [one]
    with pytest.raises(CommitConflict) as single:
        store.commit(Create(one, {}))
    with pytest.raises(CommitConflict) as several:
        store.commit(Create(Key("b", "b"), {}), Require(two, 0))
    assert single.value.current == item
    assert several.value.key == two


def test_its_errors_read_like_botocores(light: JsonService, moto_url: str, table: str) -> None:
    import boto3
    from botocore.exceptions import ClientError

    full: Any = boto3.client("dynamodb", region_name="eu-central-1", endpoint_url=moto_url)
    wanted: dict[str, Any] = {"TableName": "no-such-table", "Key": {"pk": {"S": "a"}, "sk": {"S": "b"}}}
    with pytest.raises(ServiceError) as ours:
        light.get_item(**wanted)
    with pytest.raises(ClientError) as theirs:
        full.get_item(**wanted)
    assert ours.value.response["Error"]["Code"] == theirs.value.response["Error"]["Code"]
    assert "no-such-table" not in str(ours.value)


def test_what_it_does_not_offer_is_no_attribute(light: JsonService) -> None:
    with pytest.raises(AttributeError):
        light.create_table(TableName="x")
    assert not hasattr(light, "meta")


def test_an_engine_that_gives_no_clear_answer_makes_the_store_unavailable(
    tencent: TencentCloudTwin, aws_role: None
) -> None:
    """The twin is no DynamoDB: only its faults are used."""
    for fault in ({"status": 503}, {"reset": True}):
        tencent.faults = fault
        with pytest.raises(StoreUnavailable):
            DynamoStore(dynamodb_service("eu-central-1", tencent.url), "t").commit(Increment(Key("a", "b"), "n", 1))
    with pytest.raises(Unanswered) as caught:
        dynamodb_service("eu-central-1", "http://127.0.0.1:9").get_item(TableName="t", Key={})
    assert not caught.value.delivered
