"""The run book "region lost", rehearsed: a cell is restored from its backup, and the money that moved after the
backup's last second comes back from those who moved it."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Callable, Iterator

import boto3
import pytest

from sandbox.twins.wechat_pay_keys import make_keys
from tests.support.doors import Place
from tests.support.engines import PostgresServer, dynamodb_client, new_table, streamed
from tests.support.paying_place import PayingPlace
from tests.support.tree import aws_template
from tools.restored_table import AS_IT_IS, template
from twinshore import triggers, wiring
from twinshore.outbox import sweep

SOON = 120
"""Seconds: the timers have work by then, and no signature is from the future yet."""


Restore = Callable[[], None]
"""Forgets the cell, and starts it anew on the copy."""


def sqlite_backup(place: Place, _: PostgresServer) -> Restore:
    """An online copy, as of now."""
    copy = place.folder / "restored.db"
    with closing(sqlite3.connect(place.folder / "store.db")) as lost, closing(sqlite3.connect(copy)) as kept:
        lost.backup(kept)

    def restore() -> None:
        place.store = f"sqlite:{copy}"
        place.rewire()

    return restore


def postgres_backup(place: Place, server: PostgresServer) -> Restore:
    """A clone of the database, as of now: what the cloud's clone to a point in time is."""
    lost = place.secrets["database"].rpartition("dbname=")[2]
    kept = f"{lost}_restored"
    with server._connected("postgres") as connection, connection.cursor() as cursor:
        cursor.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (lost,))
        cursor.execute(f"create database {kept} template {lost}")

    def restore() -> None:
        place.secrets["database"] = server.dsn(kept)
        place.rewire()

    return restore


def dynamodb_backup(place: Place, url: str) -> Restore:
    """RestoreTableToPointInTime, as of now. It brings the items and the index, and no stream: that comes with the
    stack, which takes the table in as it is."""
    client, lost = dynamodb_client(url), place.store.partition(":")[2]
    client.update_continuous_backups(
        TableName=lost, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    kept = f"{lost}-restored"
    client.restore_table_to_point_in_time(SourceTableName=lost, TargetTableName=kept, UseLatestRestorableTime=True)
    client.get_waiter("table_exists").wait(TableName=kept)

    def restore() -> None:
        found, taken_in = client.describe_table(TableName=kept)["Table"], template()["Resources"]["Table"]["Properties"]
        assert found["KeySchema"] == taken_in["KeySchema"]
        assert [each["IndexName"] for each in found["GlobalSecondaryIndexes"]] == ["due"]
        if not found.get("LatestStreamArn"):
            stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
            client.update_table(TableName=kept, StreamSpecification=stream)
        place.store = f"dynamodb:{kept}"
        place.rewire()

    return restore


def tell(place: Place, url: str) -> None:
    """What the cell has committed is told, as its cloud does it."""
    if place.store.startswith("dynamodb:"):
        records = streamed(dynamodb_client(url), url, place.store.partition(":")[2])
        told = [record for record in records if "_events" in record["dynamodb"].get("NewImage", {})]
        assert triggers.on_stream({"Records": told}, wiring.consumers()) == {"batchItemFailures": []}
    else:
        sweep(wiring.store(), wiring.consumers(), wiring.now() + 2 * SOON)


@pytest.fixture(params=["eu-sqlite", "cn-postgresql", "eu-dynamodb"])
def region(
    request: pytest.FixtureRequest, tmp_path: Path, postgres_server: PostgresServer, ministack_url: str
) -> Iterator[tuple[PayingPlace, Callable[[], Restore], Callable[[], None]]]:
    cell, _, engine = request.param.partition("-")
    before = dict(os.environ)
    place = Place(cell, tmp_path, {}, {})
    if engine == "postgresql":
        place.secrets["database"], place.store = (
            postgres_server.dsn(postgres_server.new_database()),
            "postgresql:database",
        )
    if engine == "dynamodb":
        os.environ.update(
            AWS_ENDPOINT_URL=ministack_url, AWS_ACCESS_KEY_ID="AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY="not-a-secret"
        )
        place.store = f"dynamodb:{new_table(dynamodb_client(ministack_url))}"
    paying = PayingPlace(place, make_keys())
    paying.start()
    backup: Any = {"sqlite": sqlite_backup, "postgresql": postgres_backup, "dynamodb": dynamodb_backup}[engine]
    at: Any = {"sqlite": None, "postgresql": postgres_server, "dynamodb": ministack_url}[engine]
    yield paying, lambda: backup(paying.place, at), lambda: tell(paying.place, ministack_url)
    paying.stop()
    os.environ.clear()
    os.environ.update(before)
    wiring.reset()


def points(paying: PayingPlace) -> int:
    return int(paying.place.call("points", "GET", "/v1/points", token=paying.token).json()["balance"])


def test_a_payment_of_which_the_backup_does_not_know_is_found_and_counts_once(
    region: tuple[PayingPlace, Callable[[], Restore], Callable[[], None]],
) -> None:
    paying, back_up, tell = region
    order_id = paying.order()
    client = paying.begin(order_id).json()["client"]
    restore = back_up()
    paying.payer_pays(client)
    paying.wait_for(lambda: paying.status(order_id) == "paid" and not paying.twin.undelivered())
    tell()
    credited = points(paying)
    assert credited > 0

    restore()  # the region is gone, and with it all that came after the backup
    assert paying.status(order_id) == "pending"
    assert points(paying) == 0
    for _ in range(2):  # the timers of the new cell
        wiring.jobs()["payment-poll"](wiring.now() + SOON)
        tell()
    assert paying.status(order_id) == "paid"
    assert points(paying) == credited


def test_the_new_cell_goes_on_where_the_backup_stopped(
    region: tuple[PayingPlace, Callable[[], Restore], Callable[[], None]],
) -> None:
    paying, back_up, _ = region
    order_id = paying.order()
    back_up()()
    client = paying.begin(order_id).json()["client"]
    paying.payer_pays(client)
    paying.wait_for(lambda: paying.status(order_id) == "paid")
    assert paying.order() == order_id, "the same key still finds the same order"


def test_the_table_that_is_taken_in_is_the_templates_and_nothing_else_is_asked_of_it() -> None:
    """An import (CloudFormation, "import existing resources") makes nothing: every resource of it has a deletion
    policy, and none refers to another. The deployment that follows brings the rest."""
    document, whole = template(), aws_template()["Resources"]["Table"]
    (table,) = document["Resources"].values()
    assert list(document["Resources"]) == ["Table"]
    assert table["Type"] == whole["Type"]
    assert table["DeletionPolicy"] == "Retain"
    assert table["Properties"] == {name: whole["Properties"][name] for name in AS_IT_IS}
    assert not re.search(r"Ref|Fn::", json.dumps(document))
    assert "TableName" not in whole["Properties"], "a restored table has another name than the lost one"


def test_a_new_stack_takes_the_restored_table_in(ministack_url: str) -> None:
    """Run book, point 3. The deployment that follows is the usual one, to the same stack."""
    dynamodb = dynamodb_client(ministack_url)
    restored = new_table(dynamodb)
    place: Any = {"region_name": "eu-central-1", "endpoint_url": ministack_url, "aws_access_key_id": "AKIDEXAMPLE",
                  "aws_secret_access_key": "not-a-secret"}  # fmt: skip
    formation, soon = boto3.client("cloudformation", **place), {"Delay": 1, "MaxAttempts": 30}
    wanted = {"ResourceType": "AWS::DynamoDB::Table", "LogicalResourceId": "Table",
              "ResourceIdentifier": {"TableName": restored}}  # fmt: skip
    name = {"StackName": f"restored-{restored}", "ChangeSetName": "restored"}
    formation.create_change_set(
        **name, ChangeSetType="IMPORT", TemplateBody=json.dumps(template()), ResourcesToImport=[wanted]
    )
    formation.get_waiter("change_set_create_complete").wait(**name, WaiterConfig=soon)
    formation.execute_change_set(**name)
    formation.get_waiter("stack_import_complete").wait(StackName=name["StackName"], WaiterConfig=soon)
    (taken_in,) = formation.describe_stack_resources(StackName=name["StackName"])["StackResources"]
    assert (taken_in["LogicalResourceId"], taken_in["PhysicalResourceId"]) == ("Table", restored)
