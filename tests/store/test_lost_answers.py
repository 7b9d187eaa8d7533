"""DynamoDB too busy, or silent: repeated where that is safe, said where it is not, and never done twice."""

from __future__ import annotations

from typing import Any, Iterator

import boto3
import pytest

from tests.support import engines
from tests.support.lines import UnsteadyLine, unsteady
from twinshore.clouds.aws.json_service import dynamodb_service
from twinshore.store.dynamodb import DynamoStore
from twinshore.store.port import Create, Increment, Key, Replace, StoreUnavailable

A, B = Key("account#a", "balance"), Key("account#b", "balance")


@pytest.fixture
def line(ministack_url: str) -> Iterator[UnsteadyLine]:
    with unsteady(ministack_url) as line:
        yield line


@pytest.fixture
def store(line: UnsteadyLine) -> Any:
    client = engines.dynamodb_client(line.url)
    store = DynamoStore(client, engines.new_table(client))
    store.commit(Create(A, {"n": 10}))
    line.calls.clear()
    return store


@pytest.mark.parametrize("trouble", [["throttle"], ["throttle"] * 3])
def test_throttled_calls_are_made_again(store: Any, line: UnsteadyLine, trouble: list[str]) -> None:
    line.trouble[:] = trouble
    store.commit(Increment(A, "n", 1))
    line.trouble[:] = trouble
    assert store.get(A).fields == {"n": 11}
    assert len(line.calls) == 2 * len(trouble) + 2


@pytest.mark.parametrize("trouble", ["lose", "fail"])
def test_a_transaction_whose_answer_was_lost_is_asked_again_and_done_once(
    store: Any, line: UnsteadyLine, trouble: str
) -> None:
    line.trouble[:] = [trouble, trouble]
    store.commit(Increment(A, "n", -3, at_least=0), Increment(B, "n", 3))
    assert line.calls == ["TransactWriteItems"] * 3
    assert (store.get(A).fields, store.get(B).fields) == ({"n": 7}, {"n": 3})


@pytest.mark.parametrize("trouble", ["lose", "fail"])
@pytest.mark.parametrize("change", [Increment(A, "n", 1), Replace(A, {"n": 11}, 1)], ids=["increment", "replace"])
def test_a_single_write_whose_answer_was_lost_is_not_done_again(
    store: Any, line: UnsteadyLine, change: Any, trouble: str
) -> None:
    line.trouble[:] = [trouble]
    with pytest.raises(StoreUnavailable):
        store.commit(change)
    assert len(line.calls) == 1
    assert store.get(A).fields == {"n": 11}


@pytest.mark.parametrize("trouble", ["lose", "fail"])
def test_a_read_whose_answer_was_lost_is_asked_again(store: Any, line: UnsteadyLine, trouble: str) -> None:
    line.trouble[:] = [trouble]
    assert store.get(A).fields == {"n": 10}


def test_patience_ends(store: Any, line: UnsteadyLine) -> None:
    line.trouble[:] = ["throttle"] * 99
    with pytest.raises(StoreUnavailable):
        store.get(A)
    assert 5 <= len(line.calls) <= 20


@pytest.mark.parametrize("client", ["boto3", "light"])
def test_a_write_that_was_not_delivered_is_tried_again_until_patience_ends(
    client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
    url = f"http://127.0.0.1:{engines.free_port()}"
    made = engines.dynamodb_client(url) if client == "boto3" else dynamodb_service("eu-central-1", url)
    with pytest.raises(StoreUnavailable, match="busy"):
        DynamoStore(made, "items", pause_seconds=0.001).commit(Increment(A, "n", 1))


def test_a_client_that_repeats_calls_by_itself_is_refused() -> None:
    client = boto3.client(
        "dynamodb", region_name="eu-central-1", aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="not-a-secret"
    )
    with pytest.raises(ValueError, match="CLIENT_RETRIES"):
        DynamoStore(client, "items")


def test_a_mistake_in_the_call_is_not_called_unavailable(store: Any) -> None:
    nowhere = DynamoStore(store._client, "no-such-table")
    with pytest.raises(store._client.exceptions.ResourceNotFoundException):
        nowhere.get(A)
