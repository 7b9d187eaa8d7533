"""What SCF takes, from its documents (583/11637 limits, 583/30228 environment, 583/100227 function URLs; the members'
own descriptions in the SDK). Each raises ApiError with a code of the API's table."""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import Any

from sandbox.twins.tencent_cloud import ApiError

FUNCTION_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,58}[A-Za-z0-9]")
HANDLER = re.compile(r"([A-Za-z][\w-]{0,58}[A-Za-z])\.[A-Za-z][\w-]{0,58}[A-Za-z]")
RUNTIMES = {"Python3.6", "Python3.7", "Python3.9", "Python3.10"}
VARIABLE = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*")
RESERVED_PREFIXES = ("SCF_", "QCLOUD_", "TENCENTCLOUD_")
ENVIRONMENT_BYTES = 4096
DESCRIPTION_CHARS = 1000
MEMORY_MB = (64, *range(128, 3072 + 1, 128))
TIMEOUT_SECONDS = range(1, 901)
LAYERS_PER_FUNCTION = 5
UNPACKED_BYTES = 500 * 1024 * 1024
"""Of the code and its layers together."""
TRIGGERS_OF_A_KIND = 10
TIMER_NAME = re.compile(r"[A-Za-z0-9_-]{1,60}")
CRON_FIELDS = 7
ARGUMENT_BYTES = 4096
METHODS = {"GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "*"}
REGION_MB, ALWAYS_SHARED_MB = 128_000, 12_800
"""Of Guangzhou: memory of all that runs at once, and what no function may reserve of it."""
RETRIES, EVENT_SECONDS = range(3), range(60, 21600 + 1)


def check_settings(params: dict[str, Any]) -> None:
    """Those of CreateFunction and UpdateFunctionConfiguration."""
    _must(FUNCTION_NAME.fullmatch(params["FunctionName"]), "InvalidParameterValue.FunctionName")
    _must(HANDLER.fullmatch(params.get("Handler", "index.main_handler")), "InvalidParameterValue.Handler")
    _must(params.get("Runtime", "Python3.10") in RUNTIMES, "InvalidParameterValue.Runtime")
    _must(params.get("MemorySize", 128) in MEMORY_MB, "InvalidParameterValue.MemorySize")
    _must(params.get("Timeout", 3) in TIMEOUT_SECONDS, "LimitExceeded.Timeout")
    _must(params.get("Type", "Event") in ("Event", "HTTP"), "InvalidParameterValue.Type")
    _must(len(params.get("Description", "")) <= DESCRIPTION_CHARS, "InvalidParameterValue.Description")
    _must(len(params.get("Layers", [])) <= LAYERS_PER_FUNCTION, "LimitExceeded.Layers")
    _must(bool(params.get("ClsLogsetId")) == bool(params.get("ClsTopicId")), "InvalidParameterValue.Cls")
    vpc = params.get("VpcConfig", {})
    _must(bool(vpc.get("VpcId")) == bool(vpc.get("SubnetId")), "InvalidParameterValue.Vpc")
    public = params.get("PublicNetConfig", {}).get("PublicNetStatus", "ENABLE")
    _must(public in ("ENABLE", "DISABLE"), "InvalidParameterValue.PublicNetConfig")
    check_environment(params.get("Environment", {}).get("Variables", []))


def check_environment(variables: list[dict[str, str]]) -> None:
    names = [each["Key"] for each in variables]
    _must(all(VARIABLE.fullmatch(name) for name in names), "InvalidParameterValue.Environment")
    _must(len(names) == len(set(names)), "InvalidParameterValue.Environment")
    reserved = [name for name in names if name.startswith(RESERVED_PREFIXES)]
    _must(not reserved, "InvalidParameterValue.EnvironmentSystemProtect")
    size = sum(len(each["Key"].encode()) + len(each["Value"].encode()) for each in variables)
    _must(size <= ENVIRONMENT_BYTES, "InvalidParameterValue.EnvironmentExceededLimit")


def unpacked_bytes(archive: bytes, handler: str = "") -> int:
    """Of a zip whose root holds the handler's file, if one is named: SCF looks nowhere else."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as file:
            names, size = file.namelist(), sum(info.file_size for info in file.infolist())
    except zipfile.BadZipFile as err:
        raise ApiError("InvalidParameterValue.ZipFile") from err
    _must(not handler or f"{handler.split('.')[0]}.py" in names, "InvalidParameterValue.Handler")
    return size


def check_timer(params: dict[str, Any]) -> None:
    _must(TIMER_NAME.fullmatch(params.get("TriggerName", "")), "InvalidParameterValue.TriggerName")
    _must(len(params["TriggerDesc"].split()) == CRON_FIELDS, "InvalidParameterValue.TriggerDesc")
    _must(params.get("Enable") in ("OPEN", "CLOSE"), "InvalidParameterValue.Enable")
    _must(len(params.get("CustomArgument", "").encode()) <= ARGUMENT_BYTES, "InvalidParameterValue.CustomArgument")


def check_url(params: dict[str, Any]) -> None:
    try:
        told = json.loads(params["TriggerDesc"])
    except ValueError as err:
        raise ApiError("InvalidParameterValue.TriggerDesc") from err
    _must(set(told) <= {"AuthType", "NetConfig", "CorsConfig"}, "InvalidParameterValue.TriggerDesc")
    _must(told.get("AuthType") in ("NONE", "CAM"), "InvalidParameterValue.TriggerDesc")
    net = told.get("NetConfig", {})
    _must(set(net) == {"EnableIntranet", "EnableExtranet"}, "InvalidParameterValue.TriggerDesc")
    _must(all(isinstance(each, bool) for each in net.values()), "InvalidParameterValue.TriggerDesc")
    cors = told.get("CorsConfig", {})
    lists = ("Origins", "Methods", "Headers", "ExposeHeaders")
    _must(set(cors) <= {"Enable", "MaxAge", "Credentials", *lists}, "InvalidParameterValue.Cors")
    _must(all(isinstance(cors.get(name, []), list) for name in lists), "InvalidParameterValue.Cors")
    _must(set(cors.get("Methods", [])) <= METHODS, "InvalidParameterValue.Cors")


def check_reserved(memory_mb: int, step_mb: int, others_mb: int) -> None:
    """`step_mb`: the function's memory, of which what it reserves is a multiple."""
    _must(memory_mb >= 0 and memory_mb % step_mb == 0, "InvalidParameterValue.Memory")
    _must(memory_mb + others_mb <= REGION_MB - ALWAYS_SHARED_MB, "FailedOperation.ReservedExceedTotal")


def check_retries(config: dict[str, Any]) -> None:
    _must(config["MsgTTL"] in EVENT_SECONDS, "LimitExceeded.MsgTTL")
    _must(all(each["RetryNum"] in RETRIES for each in config["RetryConfig"]), "LimitExceeded.RetryNum")


def _must(holds: object, code: str) -> None:
    if not holds:
        raise ApiError(code)
