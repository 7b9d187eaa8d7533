"""The built template, deployed by `sam deploy`: what one function commits, the stream, the queues and the schedules of
the template bring to another."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone
from typing import Any, Callable, Iterator

import pytest

from sandbox.twins.stripe import StripeTwin
from sandbox.twins.wechat import WechatTwin
from tests.support.deployed.stack import STAGE, Cloud, Stack
from tests.support.engines import ROOT
from tests.support.receiver import Receiver
from tests.support.wechat_world import APP_SECRET, APPID, control, login_code
from twinshore.payments.poll_items import LADDER_SECONDS

PATIENCE_SECONDS = 90


class World:
    def __init__(self, stack: Stack, wechat: WechatTwin, stripe: StripeTwin) -> None:
        self.stack, self.wechat, self.stripe = stack, wechat, stripe

    def log_in(self, openid: str) -> tuple[str, dict[str, str]]:
        answer = self.stack.ask("login", "POST", "/v1/login", {"code": login_code(self.wechat, openid=openid)})
        assert answer.status == 200, answer.body
        return answer.body["member_id"], {"authorization": f"Bearer {answer.body['access_token']}"}

    def points(self, bearer: dict[str, str]) -> int:
        return int(self.stack.ask("points", "GET", "/v1/points", None, bearer).body["balance"])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with Cloud(tmp_path_factory.mktemp("cloud")) as cloud, WechatTwin() as wechat, StripeTwin() as stripe:
        stack = cloud.deploy("eu")
        for name in ("session_keys", "vault_keys"):
            stack.keep(name, [{"id": "k1", "secret": secrets.token_hex(32)}])
        stack.keep("wechat_app", {"appid": APPID, "secret": APP_SECRET})
        stack.keep("provider_stripe", stripe.secret())
        stack.settings(TWINSHORE_OUTSIDE=json.dumps({"wechat": wechat.url, "stripe": stripe.url}))
        yield World(stack, wechat, stripe)


@pytest.fixture(autouse=True)
def _left_as_it_was(world: World) -> Iterator[None]:
    """No test finds another one's letters in the queue, nor the twin as another one wanted it."""
    yield
    control(world.stripe.url, "/_twin/faults", {})
    world.stack.client("sqs").purge_queue(QueueUrl=world.stack.outputs["DeadLettersUrl"])


def eventually(holds: Callable[[], Any]) -> Any:
    ends = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = holds()
        if found or time.monotonic() > ends:
            return found
        time.sleep(0.5)


def ordered(world: World, bearer: dict[str, str], key: str) -> tuple[str, dict[str, Any]]:
    price = {"amount_minor": 1299, "currency": {"eu": "EUR", "sea": "SGD"}[world.stack.cell]}
    made = world.stack.ask("payments", "POST", "/v1/orders", {"description": "tea", "amount": price},
                           {**bearer, "idempotency-key": f"order-{key}"})  # fmt: skip
    assert made.status == 201, made.body
    order_id = made.body["order_id"]
    begun = world.stack.ask("payments", "POST", f"/v1/orders/{order_id}/payments", {"method": "card"},
                            {**bearer, "idempotency-key": f"pay-{key}"})  # fmt: skip
    assert begun.status in (200, 201), begun.body
    return order_id, begun.body["client"]


def test_a_paid_order_becomes_points_by_the_tables_stream(world: World) -> None:
    """webhook -> payment_callbacks -> DynamoDB -> stream -> events -> DynamoDB -> points."""
    member_id, bearer = world.log_in("oAnna")
    order_id, client = ordered(world, bearer, "1")
    with Receiver() as receiver:
        world.stripe.webhook_url = receiver.url
        control(world.stripe.url, "/_twin/pay", {"client_secret": client["client_secret"]})
        notices = receiver.wait_for(2)
    for notice in notices:  # delivered twice, as providers do
        answer = world.stack.ask(
            "payment_callbacks", "POST", "/v1/webhooks/stripe", None, dict(notice.headers), notice.body
        )
        assert answer.status == 200, answer.body
    order = world.stack.ask("payments", "GET", f"/v1/orders/{order_id}", None, bearer).body
    assert order["status"] == "paid"
    assert eventually(lambda: world.points(bearer)) == 108  # 12.99 EUR at 12 cents a point, once
    assert member_id


def test_a_schedule_of_the_template_asks_for_its_job_and_the_job_is_done(world: World) -> None:
    """The target and the input are the template's; only the time is moved up, for a rate does not fire there."""
    scheduler = world.stack.client("scheduler")
    name = next(row["Name"] for row in scheduler.list_schedules()["Schedules"] if row["Name"].endswith("-payment-poll"))
    target = scheduler.get_schedule(Name=name)["Target"]
    assert json.loads(target["Input"]) == {"job": "payment-poll"}
    _, bearer = world.log_in("oBert")
    order_id, client = ordered(world, bearer, "2")
    control(world.stripe.url, "/_twin/faults", {"drop_notices": True})
    control(world.stripe.url, "/_twin/pay", {"client_secret": client["client_secret"]})

    def paid() -> bool:
        return bool(world.stack.ask("payments", "GET", f"/v1/orders/{order_id}", None, bearer).body["status"] == "paid")

    number = 0

    def asked() -> bool:
        nonlocal number
        number += 1
        when = (datetime.now(timezone.utc) + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%S")
        scheduler.create_schedule(Name=f"now-{number}", ScheduleExpression=f"at({when})", Target=target,
                                  FlexibleTimeWindow={"Mode": "OFF"})  # fmt: skip
        time.sleep(4)
        return paid()

    assert eventually(asked), "the poll found the payment of which no notice came"


def test_what_no_consumer_can_do_ends_in_the_dead_letter_queue(world: World) -> None:
    mapping = world.stack.client("lambda").list_event_source_mappings(
        FunctionName=world.stack.function("events")
    )["EventSourceMappings"][0]  # fmt: skip
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BisectBatchOnFunctionError"] is True
    queue = world.stack.client("sqs").get_queue_attributes(
        QueueUrl=world.stack.outputs["DeadLettersUrl"], AttributeNames=["QueueArn", "MessageRetentionPeriod"]
    )["Attributes"]  # fmt: skip
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"] == queue["QueueArn"]
    assert int(queue["MessageRetentionPeriod"]) == 14 * 24 * 3600


def test_what_was_given_up_is_sent_again_by_the_operators_command(world: World) -> None:
    """A letter as the Scheduler leaves it: the schedule's input. The command runs as docs/operations.md says."""
    _, bearer = world.log_in("oCleo")
    order_id, client = ordered(world, bearer, "3")
    control(world.stripe.url, "/_twin/faults", {"drop_notices": True})
    control(world.stripe.url, "/_twin/pay", {"client_secret": client["client_secret"]})
    letters = world.stack.outputs["DeadLettersUrl"]
    world.stack.client("sqs").send_message(QueueUrl=letters, MessageBody=json.dumps({"job": "payment-poll"}))
    time.sleep(LADDER_SECONDS[0] + 1)
    said = operator(world, letters, "again")
    assert "job payment-poll: sent again" in said.stdout, said.stdout + said.stderr
    assert said.returncode == 0
    assert world.stack.ask("payments", "GET", f"/v1/orders/{order_id}", None, bearer).body["status"] == "paid"
    assert "nothing is left" in operator(world, letters, "list").stdout


def operator(world: World, letters: str, command: str) -> subprocess.CompletedProcess[str]:
    clients = world.stack.client("sqs").meta
    settings = {"TWINSHORE_CELL": world.stack.cell, "TWINSHORE_DEAD_LETTERS": letters, "TWINSHORE_STAGE": STAGE,
                "AWS_ENDPOINT_URL": clients.endpoint_url, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
                "AWS_SECRET_ACCESS_KEY": "not-a-secret", "PATH": os.environ["PATH"]}  # fmt: skip
    return subprocess.run(
        [sys.executable, "-m", "tools.given_up", command], cwd=ROOT, env=settings, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip


def test_what_the_clock_asks_for_in_vain_ends_in_the_dead_letter_queue(world: World) -> None:
    """What the template says of the alias is put on the unpublished code as well: MiniStack looks there only."""
    client, name, asked = world.stack.client("lambda"), world.stack.function("schedule"), {"job": "no-such-job"}
    said = client.get_function_event_invoke_config(FunctionName=name, Qualifier="live")
    assert said["MaximumRetryAttempts"] == 2
    about = {key: said[key] for key in ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")}
    client.put_function_event_invoke_config(FunctionName=name, **about)
    client.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(asked))

    def given_up() -> list[dict[str, Any]]:
        queue = world.stack.client("sqs")
        found = queue.receive_message(QueueUrl=world.stack.outputs["DeadLettersUrl"], MaxNumberOfMessages=10)
        return [json.loads(each["Body"]) for each in found.get("Messages", [])]

    (letter,) = eventually(given_up)
    assert letter["requestPayload"] == asked
    assert letter["requestContext"]["condition"] == "RetriesExhausted"


def test_the_table_is_as_the_template_says(world: World) -> None:
    table = world.stack.client("dynamodb").describe_table(TableName=world.stack.outputs["TableName"])["Table"]
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


def test_each_function_has_the_runtime_and_both_layers(world: World) -> None:
    functions = world.stack.client("lambda").list_functions(MaxItems=50)["Functions"]
    assert {function["Runtime"] for function in functions} == {"python3.13"}
    assert all(len(function["Layers"]) == 2 for function in functions)
