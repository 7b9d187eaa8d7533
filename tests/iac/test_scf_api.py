"""What serverless.yml asks for, asked of SCF's API by the official SDK: the twin checks the signature, the members of
each request against the SDK's models, and the documented limits (docs/decisions/0192)."""

from __future__ import annotations

import copy
import json
import zipfile
from typing import Any, Callable, Iterator

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.scf.v20180416.scf_client import ScfClient

from tests.support.scf_api.deploying import (
    ALIAS,
    BUCKET,
    Plan,
    deploy,
    function,
    plan,
    publish_layers,
    request,
    reserved_mb,
    sdk,
    timer,
    url,
    wait,
    zip_file,
)
from tests.support.scf_api.twin import ScfTwin
from tests.support.tree import ROOT, doors, tencent_functions

REGION = "ap-guangzhou"
KEY_ID, KEY, TOKEN = "AKIDexample", "a-key-of-nobody", "a-token"


@pytest.fixture(scope="module")
def what(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """A small build: the doors themselves, and layers of one file. The whole build is in tests/deployed."""
    zips = tmp_path_factory.mktemp("zips")
    for door in doors():
        with zipfile.ZipFile(zips / f"{door}.zip", "w") as file:
            file.write(ROOT / "functions" / door / "index.py", "index.py")
    for layer in ("core", "deps"):
        with zipfile.ZipFile(zips / f"layer-{layer}.zip", "w") as file:
            file.writestr(f"{layer}.py", "")
    return plan(zips)


@pytest.fixture
def twin(what: Plan) -> Iterator[ScfTwin]:
    with twin_of(what) as made:
        yield made


@pytest.fixture
def client(twin: ScfTwin) -> ScfClient:
    return client_of(twin)


def twin_of(what: Plan) -> ScfTwin:
    objects = {(BUCKET, f"/{path.name}"): path.read_bytes() for path in what.zips.glob("layer-*.zip")}
    return ScfTwin({KEY_ID: (KEY, TOKEN)}, objects, REGION)


def client_of(twin: ScfTwin, key: str = KEY, region: str = REGION) -> ScfClient:
    return sdk(twin.url, KEY_ID, key, TOKEN, region)


@pytest.fixture(scope="module")
def deployed(what: Plan) -> Iterator[ScfClient]:
    with twin_of(what) as made:
        client = client_of(made)
        deploy(client, what)
        yield client


def test_every_door_is_there_under_its_name(what: Plan, deployed: ScfClient) -> None:
    told = deployed.ListFunctions(request("ListFunctions", Limit=100))
    assert {each.FunctionName for each in told.Functions} == {f"twinshore-test-cn-{door}" for door in doors()}


@pytest.mark.parametrize("door", doors())
def test_a_function_is_as_serverless_yml_has_it(what: Plan, deployed: ScfClient, door: str) -> None:
    said = what.functions[door]
    found = deployed.GetFunction(request("GetFunction", FunctionName=said["name"]))
    assert (found.Handler, found.Runtime, found.Type) == ("index.main_handler", "Python3.10", "Event")
    assert (found.MemorySize, found.Timeout) == (said["memorySize"], said["timeout"])
    assert [(layer.LayerName, layer.LayerVersion) for layer in found.Layers] == [
        ("twinshore-deps", 1), ("twinshore-core", 1)
    ]  # fmt: skip
    variables = {each.Key: each.Value for each in found.Environment.Variables}
    assert variables == {each["key"]: each["value"] for each in said["environments"]} | {"TWINSHORE_ALIAS": ALIAS}
    assert (found.VpcConfig.VpcId, found.PublicNetConfig.PublicNetStatus) == ("vpc-1", "DISABLE")


@pytest.mark.parametrize("door", doors())
def test_a_functions_triggers_wake_its_live_alias(what: Plan, deployed: ScfClient, door: str) -> None:
    name = what.functions[door]["name"]
    found = deployed.ListTriggers(request("ListTriggers", FunctionName=name, Limit=100)).Triggers
    wanted = [each for each in what.inputs["triggers"] if each["function"] == door]
    assert {each.Qualifier for each in found} <= {ALIAS}
    timers = {
        each.TriggerName: (each.TriggerDesc, each.CustomArgument, each.Enable) for each in found if each.Type == "timer"
    }
    said = {each["parameters"]["name"]: each["parameters"] for each in wanted if each["type"] == "timer"}
    assert timers == {of: (each["cronExpression"], each["argument"], 1) for of, each in said.items()}
    urls = [json.loads(each.TriggerDesc) for each in found if each.Type == "http"]
    assert len(urls) == sum(each["type"] == "http" for each in wanted)
    for each in urls:
        assert each["AuthType"] == "NONE" and each["NetConfig"]["ExtranetUrl"].startswith("https://")
        assert each["CorsConfig"]["Origins"] == ["https://www.twinshore.example"]
    alias = deployed.GetAlias(request("GetAlias", FunctionName=name, Name=ALIAS))
    assert alias.FunctionVersion == "1"


def test_what_is_reserved_is_what_terraform_reserves(what: Plan, deployed: ScfClient) -> None:
    for door, said in what.functions.items():
        asked = request("GetReservedConcurrencyConfig", FunctionName=said["name"])
        assert deployed.GetReservedConcurrencyConfig(asked).ReservedMem == reserved_mb().get(door)


def test_what_is_woken_without_a_caller_is_tried_again(what: Plan, deployed: ScfClient) -> None:
    for door in ("events", "schedule"):
        asked = request("GetFunctionEventInvokeConfig", FunctionName=what.functions[door]["name"])
        found = deployed.GetFunctionEventInvokeConfig(asked).AsyncTriggerConfig
        assert (found.MsgTTL, [each.RetryNum for each in found.RetryConfig]) == (3600, [2])


def test_a_new_version_takes_a_part_of_the_calls_and_gives_them_back(what: Plan, client: ScfClient) -> None:
    deploy(client, what)
    name = what.functions["login"]["name"]
    client.UpdateFunctionCode(request("UpdateFunctionCode", FunctionName=name, ZipFile=zip_file(what, "login")))
    wait(client, name)
    layers = [{"LayerName": each, "LayerVersion": version} for each, version in publish_layers(client, what).items()]
    client.UpdateFunctionConfiguration(request("UpdateFunctionConfiguration", FunctionName=name, Layers=layers))
    wait(client, name)
    version = client.PublishVersion(request("PublishVersion", FunctionName=name)).FunctionVersion
    wait(client, name)
    asked = {"FunctionName": name, "Name": ALIAS, "FunctionVersion": "1"}
    tenth = {"AdditionalVersionWeights": [{"Version": version, "Weight": 0.1}]}
    client.UpdateAlias(request("UpdateAlias", **asked, RoutingConfig=tenth))
    routing = client.GetAlias(request("GetAlias", FunctionName=name, Name=ALIAS)).RoutingConfig
    assert [(each.Version, each.Weight) for each in routing.AdditionalVersionWeights] == [("2", 0.1)]
    client.UpdateAlias(request("UpdateAlias", **asked))
    assert not client.GetAlias(
        request("GetAlias", FunctionName=name, Name=ALIAS)
    ).RoutingConfig.AdditionalVersionWeights


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(TencentCloudSDKException) as caught:
        call()
    return str(caught.value.get_code())


def variable(key: str, value: str) -> dict[str, Any]:
    return {"Environment": {"Variables": [{"Key": key, "Value": value}]}}


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"FunctionName": "twinshore-"}, "InvalidParameterValue.FunctionName"),
    ({"FunctionName": "t" * 61}, "InvalidParameterValue.FunctionName"),
    ({"Handler": "functions.login.index.main_handler"}, "InvalidParameterValue.Handler"),
    ({"Handler": "other.main_handler"}, "InvalidParameterValue.Handler"),
    ({"Runtime": "python3.10"}, "InvalidParameterValue.Runtime"),
    ({"MemorySize": 500}, "InvalidParameterValue.MemorySize"),
    ({"MemorySize": "512"}, "InvalidParameter"),
    ({"Timeout": 901}, "LimitExceeded.Timeout"),
    (variable("SCF_CELL", "cn"), "InvalidParameterValue.EnvironmentSystemProtect"),
    (variable("TWINSHORE_X", "x" * 4096), "InvalidParameterValue.EnvironmentExceededLimit"),
    ({"Layers": [{"LayerName": "twinshore-core", "LayerVersion": 1}] * 6}, "LimitExceeded.Layers"),
    ({"Layers": [{"LayerName": "twinshore-core", "LayerVersion": 2}]}, "ResourceNotFound.LayerVersion"),
    ({"Layers": [{"LayerName": "twinshore-core"}]}, "MissingParameter"),
    ({"ClsTopicId": ""}, "InvalidParameterValue.Cls"),
    ({"Memory": 512}, "UnknownParameter"),
    ({"Code": {"ZipFile": "no base64"}}, "InvalidParameterValue.ZipFileBase64BinasciiError"),
    ({"Code": {"ZipFile": "bm8gemlw"}}, "InvalidParameterValue.ZipFile"),
]  # fmt: skip


@pytest.mark.parametrize(("mistake", "code"), MISTAKES, ids=[f"{next(iter(m))}-{c}" for m, c in MISTAKES])
def test_the_api_refuses_a_function(what: Plan, client: ScfClient, mistake: dict[str, Any], code: str) -> None:
    members = function(what, "login", publish_layers(client, what)) | mistake
    assert refused(lambda: client.call_json("CreateFunction", members)) == code


def test_a_trigger_waits_until_its_function_is_there(what: Plan, client: ScfClient) -> None:
    members = function(what, "fx", publish_layers(client, what))
    client.CreateFunction(request("CreateFunction", **members))
    asked = {"FunctionName": members["FunctionName"]}
    assert refused(lambda: client.PublishVersion(request("PublishVersion", **asked))) == (
        "FailedOperation.FunctionStatusError"
    )
    wait(client, members["FunctionName"])
    assert client.PublishVersion(request("PublishVersion", **asked)).FunctionVersion == "1"


def test_an_eleventh_timer_a_short_cron_and_a_second_url_are_refused(what: Plan, client: ScfClient) -> None:
    deploy(client, what)
    one = next(each for each in what.inputs["triggers"] if each["type"] == "timer")
    members = timer(what, one) | {"TriggerName": "eleventh"}
    assert refused(lambda: client.call_json("CreateTrigger", members)) == "LimitExceeded.Trigger"
    short = timer(what, one) | {"TriggerDesc": "* * * * *"}
    assert refused(lambda: client.call_json("CreateTrigger", short)) == "InvalidParameterValue.TriggerDesc"
    again = url(what, what.inputs["triggers"][0])
    assert refused(lambda: client.call_json("CreateTrigger", again)) == "ResourceInUse.Trigger"


def test_a_url_that_is_closed_on_both_sides_by_default_is_refused(what: Plan, client: ScfClient) -> None:
    deploy(client, what)
    closed = copy.deepcopy(what.inputs["triggers"][0])
    del closed["parameters"]["netConfig"]["enableIntranet"]
    assert refused(lambda: client.call_json("CreateTrigger", url(what, closed))) == "InvalidParameterValue.TriggerDesc"


def test_a_region_cannot_be_reserved_to_the_end(what: Plan, client: ScfClient) -> None:
    deploy(client, what)
    asked = {"FunctionName": what.functions["fx"]["name"], "ReservedConcurrencyMem": 115_200 // 512 * 512}
    assert refused(lambda: client.call_json("PutReservedConcurrencyConfig", asked)) == (
        "FailedOperation.ReservedExceedTotal"
    )


def test_code_that_is_too_large_for_a_request_goes_by_object_storage(
    what: Plan, twin: ScfTwin, client: ScfClient
) -> None:
    deploy(client, what)
    twin.update_zip_bytes = 100
    name = what.functions["login"]["name"]
    asked = {"FunctionName": name, "ZipFile": zip_file(what, "login")}
    assert refused(lambda: client.call_json("UpdateFunctionCode", asked)) == "InvalidParameter.RequestTooLarge"
    twin.objects = {(BUCKET, "/login.zip"): (what.zips / "login.zip").read_bytes()}
    place = {"CosBucketName": BUCKET, "CosObjectName": "/login.zip", "CosBucketRegion": REGION}
    client.UpdateFunctionCode(request("UpdateFunctionCode", FunctionName=name, Code=place))


@pytest.mark.parametrize(
    ("key", "region", "code"),
    [("another-key", REGION, "AuthFailure.SignatureFailure"), (KEY, "ap-beijing", "UnauthorizedOperation.Region")],
)
def test_what_is_signed_with_another_key_or_for_another_region_is_refused(
    twin: ScfTwin, key: str, region: str, code: str
) -> None:
    stranger = client_of(twin, key, region)
    assert refused(lambda: stranger.ListFunctions(request("ListFunctions"))) == code


def test_the_names_that_terraform_makes_are_these(what: Plan) -> None:
    wanted = {each["name"].replace("${env:TWINSHORE_STAGE}", "test") for each in tencent_functions().values()}
    assert {each["name"] for each in what.functions.values()} == wanted
