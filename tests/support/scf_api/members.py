"""A request's members against the official SDK's model of it: names and types as the model's own documentation has
them. What a caller must send stands in REQUIRED, from the API's documents (product 583): the models do not say it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from tencentcloud.scf.v20180416 import models

from sandbox.twins.tencent_cloud import ApiError

REQUIRED = {
    "CreateFunctionRequest": ("FunctionName", "Code"),
    "UpdateFunctionCodeRequest": ("FunctionName",),
    "UpdateFunctionConfigurationRequest": ("FunctionName",),
    "GetFunctionRequest": ("FunctionName",),
    "ListFunctionsRequest": (),
    "PublishLayerVersionRequest": ("LayerName", "CompatibleRuntimes", "Content"),
    "PublishVersionRequest": ("FunctionName",),
    "CreateAliasRequest": ("Name", "FunctionName", "FunctionVersion"),
    "UpdateAliasRequest": ("FunctionName", "Name", "FunctionVersion"),
    "GetAliasRequest": ("FunctionName", "Name"),
    "CreateTriggerRequest": ("FunctionName", "Type", "TriggerDesc"),
    "ListTriggersRequest": ("FunctionName",),
    "PutReservedConcurrencyConfigRequest": ("FunctionName", "ReservedConcurrencyMem"),
    "GetReservedConcurrencyConfigRequest": ("FunctionName",),
    "UpdateFunctionEventInvokeConfigRequest": ("AsyncTriggerConfig", "FunctionName"),
    "GetFunctionEventInvokeConfigRequest": ("FunctionName",),
    "AsyncTriggerConfig": ("RetryConfig", "MsgTTL"),
    "RetryConfig": ("RetryNum",),
    "LayerVersionSimple": ("LayerName", "LayerVersion"),
    "VersionWeight": ("Version", "Weight"),
}
"""Model -> members that a request cannot do without. Its keys are what the twin takes."""
PLAIN = {"str": (str,), "int": (int,), "float": (int, float), "bool": (bool,)}


def check(action: str, params: dict[str, Any]) -> None:
    """Raises ApiError with the API's code."""
    _check_model(f"{action}Request", params)


@lru_cache(maxsize=None)
def members(model: str) -> dict[str, str]:
    """Member -> type, as "int", "Code" (a model), "list of str"."""
    found = {}
    for name, member in vars(getattr(models, model)).items():
        if isinstance(member, property):
            said = re.search(r":rtype: (?::class:`[\w.]+\.(\w+)`|(.+))", member.__doc__ or "")
            assert said, f"{model}.{name} has no type in the SDK"
            found[name] = said[1] or said[2]
    return found


def _check_model(model: str, value: Any) -> None:
    if not isinstance(value, dict):
        raise ApiError("InvalidParameter")
    known = members(model)
    if set(value) - set(known):
        raise ApiError("UnknownParameter")
    if set(REQUIRED.get(model, ())) - set(value):
        raise ApiError("MissingParameter")
    for name, each in value.items():
        _check_type(known[name], each)


def _check_type(kind: str, value: Any) -> None:
    if kind.startswith("list of "):
        if not isinstance(value, list):
            raise ApiError("InvalidParameter")
        for each in value:
            _check_type(kind.removeprefix("list of "), each)
    elif kind in PLAIN:
        # A bool is an int to Python, and none to the API.
        if not isinstance(value, PLAIN[kind]) or (isinstance(value, bool) and kind != "bool"):
            raise ApiError("InvalidParameter")
    else:
        _check_model(kind, value)
