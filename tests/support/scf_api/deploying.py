"""The calls that serverless.yml comes to, in the order in which they must be made, by the official SDK: what
infra/tencent/functions.tf has the vendor's provider do, and what a deployment without Terraform would do.

for name, request in calls(...): client.call_json(...) is `deploy(client, plan)`.
"""

from __future__ import annotations

import base64
import json
import re
from functools import cache
from pathlib import Path
from typing import Any, Callable, NamedTuple

import hcl2
from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.scf.v20180416 import models
from tencentcloud.scf.v20180416.scf_client import ScfClient

from tests.support.tree import ROOT, tencent_file, tencent_functions

ALIAS = "live"
BUCKET = "twinshore-test-artefacts-1250000000"
FROM_ELSEWHERE = {
    "TWINSHORE_VPC_ID": "vpc-1", "TWINSHORE_SUBNET_ID": "subnet-1", "TWINSHORE_CLS_LOGSET_ID": "logset-1",
    "TWINSHORE_CLS_TOPIC_ID": "topic-1", "TWINSHORE_STAGE": "test",
    "TWINSHORE_ALLOWED_ORIGIN": "https://www.twinshore.example",
}  # fmt: skip
"""What serverless.yml takes from its tool's environment, and Terraform from other resources."""
POLLS = 10


class Plan(NamedTuple):
    """What is deployed: serverless.yml, filled in, and the zips of a build."""

    inputs: dict[str, Any]
    functions: dict[str, dict[str, Any]]
    zips: Path


def plan(zips: Path) -> Plan:
    def filled(value: Any) -> Any:
        return json.loads(re.sub(r"\$\{env:(TWINSHORE_(?!\w+_LAYER_VERSION)\w+)\}", _elsewhere, json.dumps(value)))

    return Plan(filled(tencent_file()["inputs"]), filled(tencent_functions()), zips)


def _elsewhere(found: re.Match[str]) -> str:
    return FROM_ELSEWHERE[found[1]]


@cache
def reserved_mb() -> dict[str, int]:
    """Door -> MB, from functions.tf: serverless.yml has no word for it."""
    with (ROOT / "infra" / "tencent" / "functions.tf").open(encoding="utf-8") as file:
        [said] = [entry["reserved_mb"] for entry in hcl2.load(file)["locals"]]
    numbers = {door.strip('"'): re.findall(r"\d+", str(each)) for door, each in said.items() if "__" not in door}
    return {door: int(instances) * int(each) for door, (instances, each) in numbers.items()}


def sdk(url: str, key_id: str, key: str, token: str | None, region: str) -> ScfClient:
    profile = HttpProfile(protocol="http", endpoint=url.removeprefix("http://"), reqTimeout=20, keepAlive=True)
    return ScfClient(Credential(key_id, key, token), region, ClientProfile(httpProfile=profile))


def request(kind: str, **members: Any) -> Any:
    """A request of the SDK. Its reader takes what it knows and warns of the rest, which is an error here."""
    made = getattr(models, f"{kind}Request")()
    made._deserialize(members)
    assert made._serialize() == members, f"{kind}: a member that the SDK's model does not know"
    return made


def deploy(client: ScfClient, what: Plan) -> dict[str, int]:
    """Everything that is not there yet. Returns layer -> version."""
    versions = publish_layers(client, what)
    for door in what.functions:
        client.CreateFunction(request("CreateFunction", **function(what, door, versions)))
        name = what.functions[door]["name"]
        wait(client, name)
        version = client.PublishVersion(request("PublishVersion", FunctionName=name)).FunctionVersion
        wait(client, name)
        client.CreateAlias(request("CreateAlias", Name=ALIAS, FunctionName=name, FunctionVersion=version))
        if door in reserved_mb():
            client.PutReservedConcurrencyConfig(
                request("PutReservedConcurrencyConfig", FunctionName=name, ReservedConcurrencyMem=reserved_mb()[door])
            )
    for trigger in what.inputs["triggers"]:
        client.CreateTrigger(request("CreateTrigger", **TRIGGERS[trigger["type"]](what, trigger)))
    for door in ("events", "schedule"):
        retries = {"MsgTTL": 3600, "RetryConfig": [{"RetryNum": 2}]}
        client.UpdateFunctionEventInvokeConfig(
            request(
                "UpdateFunctionEventInvokeConfig",
                FunctionName=what.functions[door]["name"],
                AsyncTriggerConfig=retries,
            )
        )
    return versions


def publish_layers(client: ScfClient, what: Plan) -> dict[str, int]:
    found = {}
    for layer in what.inputs["layers"]:
        zipped = f"/layer-{layer['name'].removeprefix('twinshore-')}.zip"
        content = {"CosBucketName": BUCKET, "CosObjectName": zipped, "CosBucketRegion": what.inputs["region"]}
        members = {"LayerName": layer["name"], "CompatibleRuntimes": [what.inputs["runtime"]], "Content": content}
        found[layer["name"]] = client.PublishLayerVersion(request("PublishLayerVersion", **members)).LayerVersion
    return found


def function(what: Plan, door: str, layers: dict[str, int]) -> dict[str, Any]:
    """Members of CreateFunction."""
    said = what.functions[door]
    variables = [{"Key": each["key"], "Value": each["value"]} for each in said["environments"]]
    return {
        "FunctionName": said["name"], "Description": said["description"], "Handler": said["handler"],
        "Runtime": said["runtime"], "Type": said["type"].title(), "MemorySize": said["memorySize"],
        "Timeout": said["timeout"], "Role": said["role"], "Code": {"ZipFile": zip_file(what, door)},
        "Environment": {"Variables": [*variables, {"Key": "TWINSHORE_ALIAS", "Value": ALIAS}]},
        "VpcConfig": {"VpcId": said["vpc"]["vpcId"], "SubnetId": said["vpc"]["subnetId"]},
        "PublicNetConfig": {"PublicNetStatus": "ENABLE" if said["publicAccess"] else "DISABLE"},
        "ClsLogsetId": said["cls"]["logsetId"], "ClsTopicId": said["cls"]["topicId"],
        "Layers": [{"LayerName": each["name"], "LayerVersion": layers[each["name"]]} for each in said["layers"]],
    }  # fmt: skip


def zip_file(what: Plan, door: str) -> str:
    return base64.b64encode((what.zips / f"{door}.zip").read_bytes()).decode()


def url(what: Plan, trigger: dict[str, Any]) -> dict[str, Any]:
    """Members of CreateTrigger; a function URL has no name."""

    def spelt(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name[0].upper() + name[1:]: spelt(each) for name, each in value.items()}

    told = {name: each for name, each in trigger["parameters"].items() if name != "qualifier"}
    name = what.functions[trigger["function"]]["name"]
    return {"FunctionName": name, "Type": "http", "Qualifier": ALIAS, "TriggerDesc": json.dumps(spelt(told))}


def timer(what: Plan, trigger: dict[str, Any]) -> dict[str, Any]:
    said = trigger["parameters"]
    return {
        "FunctionName": what.functions[trigger["function"]]["name"], "Type": "timer", "Qualifier": ALIAS,
        "TriggerName": said["name"], "TriggerDesc": said["cronExpression"], "CustomArgument": said["argument"],
        "Enable": "OPEN" if said["enable"] else "CLOSE",
    }  # fmt: skip


TRIGGERS: dict[str, Callable[[Plan, dict[str, Any]], dict[str, Any]]] = {"http": url, "timer": timer}


def wait(client: ScfClient, name: str) -> None:
    """A function takes no change while it is made or changed."""
    for _ in range(POLLS):
        if client.GetFunction(request("GetFunction", FunctionName=name)).Status == "Active":
            return
    raise AssertionError(f"{name} never became active")
