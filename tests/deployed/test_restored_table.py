"""The run book "region lost" on AWS, command by command: a table is restored, a new stack takes it in, and the usual
deployment makes it the cell's: with its stream, and with what was in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.deployed.stack import Cloud
from tests.support.engines import dynamodb_client, new_table
from tools.restored_table import template
from twinshore.cells import Residency, load_cells
from twinshore.points import ledger
from twinshore.points.book import Ledger
from twinshore.store.dynamodb import DynamoStore

MEMBER, NOW = "m_anna", 1_790_000_000


def test_a_new_stack_takes_the_restored_table_in_and_goes_on_with_it(tmp_path: Path) -> None:
    with Cloud(tmp_path / "cloud") as cloud:
        region = load_cells().all["eu"].region
        client = dynamodb_client(cloud.url)
        assert client.meta.region_name == region
        lost = new_table(client)
        book = Ledger(DynamoStore(client, lost), Residency(load_cells(), "eu"), MEMBER, "overseas")
        ledger.earn(book, 500, "o1", "order", NOW, active_at=NOW)
        client.update_continuous_backups(
            TableName=lost, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        client.restore_table_to_point_in_time(
            SourceTableName=lost, TargetTableName="restored", UseLatestRestorableTime=True
        )
        client.get_waiter("table_exists").wait(TableName="restored")
        taken_in(cloud.client("cloudformation", region), "restored")

        stack = cloud.deploy("eu")
        assert stack.outputs["TableName"] == "restored"
        table = client.describe_table(TableName="restored")["Table"]
        assert table["StreamSpecification"]["StreamEnabled"] is True
        kept = DynamoStore(client, stack.outputs["TableName"])
        assert ledger.balance(book._replace(store=kept)) == 500


def taken_in(formation: Any, table: str) -> None:
    formation.create_change_set(
        StackName="twinshore-eu", ChangeSetName="restored", ChangeSetType="IMPORT", TemplateBody=json.dumps(template()),
        ResourcesToImport=[{"ResourceType": "AWS::DynamoDB::Table", "LogicalResourceId": "Table",
                            "ResourceIdentifier": {"TableName": table}}],
    )  # fmt: skip
    formation.get_waiter("change_set_create_complete").wait(
        StackName="twinshore-eu", ChangeSetName="restored", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    formation.execute_change_set(StackName="twinshore-eu", ChangeSetName="restored")
    formation.get_waiter("stack_import_complete").wait(
        StackName="twinshore-eu", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
