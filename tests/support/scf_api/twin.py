"""The twin of SCF's API (2018-04-16): verifies TC3-HMAC-SHA256, holds each request to the SDK's model of it and to the
documented limits, keeps functions, layers, versions, aliases, triggers and reservations, and tells them again.

A function that was made or changed is busy (`Creating`, `Updating`) until somebody has asked for it BUSY_READS times,
and takes no other change before: the API's own behaviour, and what a careless deployment falls over.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, Mapping

from sandbox.twins.server import Twin, TwinReply, TwinRequest
from sandbox.twins.tencent_cloud import ApiError, answer_tc3
from tests.support.scf_api import limits
from tests.support.scf_api.members import REQUIRED, check

VERSIONS = {
    name.removesuffix("Request"): ("scf", "2018-04-16") for name in REQUIRED if name.endswith("Request")
}  # fmt: skip
BUSY_READS = 2
CREATE_ZIP_BYTES = 50 * 1024 * 1024
UPDATE_ZIP_BYTES = 20 * 1024 * 1024
FUNCTIONS_PER_NAMESPACE = 50
DEFAULTS = {"MemorySize": 128, "Timeout": 3, "Handler": "index.main_handler", "Type": "Event", "Layers": []}


class ScfTwin(Twin):
    name = "scf"

    def __init__(self, accounts: Mapping[str, tuple[str, str]], objects: Mapping[tuple[str, str], bytes], region: str):
        """`objects`: what lies in object storage: (bucket, "/key") -> content."""
        super().__init__()
        self.accounts, self.objects, self.region = accounts, objects, region
        self.layers: dict[tuple[str, int], dict[str, Any]] = {}
        self.functions: dict[str, dict[str, Any]] = {}
        self.update_zip_bytes = UPDATE_ZIP_BYTES

    def handle(self, request: TwinRequest) -> TwinReply:
        def act(action: str, params: dict[str, Any]) -> dict[str, Any]:
            if request.headers.get("x-tc-region") != self.region:
                raise ApiError("UnauthorizedOperation.Region")
            check(action, params)
            with self.lock:
                done: dict[str, Any] = getattr(self, f"do_{action}")(params)
            self.note("called", action=action)
            return done

        return answer_tc3(request, self.accounts, act, versions=VERSIONS)

    # Layers

    def do_PublishLayerVersion(self, params: dict[str, Any]) -> dict[str, Any]:
        size = limits.unpacked_bytes(self._code(params["Content"], CREATE_ZIP_BYTES))
        if not set(params["CompatibleRuntimes"]) <= limits.RUNTIMES:
            raise ApiError("InvalidParameterValue.CompatibleRuntimes")
        version = 1 + sum(name == params["LayerName"] for name, _ in self.layers)
        self.layers[params["LayerName"], version] = {"runtimes": params["CompatibleRuntimes"], "size": size}
        return {"LayerVersion": version}

    # Functions

    def do_CreateFunction(self, params: dict[str, Any]) -> dict[str, Any]:
        limits.check_settings(params)
        name = params["FunctionName"]
        if name in self.functions:
            raise ApiError("ResourceInUse.FunctionName")
        if len(self.functions) >= FUNCTIONS_PER_NAMESPACE:
            raise ApiError("LimitExceeded.Function")
        code = params["Code"]
        function = {**DEFAULTS, **{key: each for key, each in params.items() if key != "Code"}}
        function["size"] = limits.unpacked_bytes(self._code(code, CREATE_ZIP_BYTES), function["Handler"])
        self._check_layers(function)
        self.functions[name] = function | {
            "Status": "Creating", "reads": 0, "versions": {"$LATEST": function}, "aliases": {"$DEFAULT": "$LATEST"},
            "weights": {}, "triggers": [], "reserved": None, "retries": None,
        }  # fmt: skip
        return {}

    def do_UpdateFunctionCode(self, params: dict[str, Any]) -> dict[str, Any]:
        function = self._idle(params)
        code = params.get("Code") or params
        function["size"] = limits.unpacked_bytes(self._code(code, self.update_zip_bytes), function["Handler"])
        self._check_layers(function)
        function.update(Status="Updating", reads=0)
        return {}

    def do_UpdateFunctionConfiguration(self, params: dict[str, Any]) -> dict[str, Any]:
        function = self._idle(params)
        limits.check_settings(params)
        self._check_layers({**function, **params})
        function.update(params, Status="Updating", reads=0)
        return {}

    def do_GetFunction(self, params: dict[str, Any]) -> dict[str, Any]:
        function = self._function(params)
        function["reads"] += 1
        if function["reads"] >= BUSY_READS:
            function["Status"] = "Active"
        shown = ("FunctionName", "Handler", "Runtime", "MemorySize", "Timeout", "Description", "Environment", "Role")
        shown += ("VpcConfig", "ClsLogsetId", "ClsTopicId", "Type", "Layers", "Status", "PublicNetConfig")
        return {name: function[name] for name in shown if name in function} | {"CodeSize": function["size"]}

    def do_ListFunctions(self, params: dict[str, Any]) -> dict[str, Any]:
        start, many = params.get("Offset", 0), params.get("Limit", 20)
        page = list(self.functions)[start : start + many]
        return {"TotalCount": len(self.functions), "Functions": [{"FunctionName": name} for name in page]}

    # Versions and aliases

    def do_PublishVersion(self, params: dict[str, Any]) -> dict[str, Any]:
        function = self._idle(params)
        version = str(len(function["versions"]))
        function["versions"][version] = {name: function[name] for name in ("Layers", "Environment", "size")}
        function.update(Status="Publishing", reads=0)
        return {"FunctionVersion": version, "Description": params.get("Description", "")}

    def do_CreateAlias(self, params: dict[str, Any]) -> dict[str, Any]:
        if params["Name"] in self._function(params)["aliases"]:
            raise ApiError("ResourceInUse.Alias")
        return self._point(params)

    def do_UpdateAlias(self, params: dict[str, Any]) -> dict[str, Any]:
        if params["Name"] not in self._function(params)["aliases"]:
            raise ApiError("ResourceNotFound.Alias")
        return self._point(params)

    def do_GetAlias(self, params: dict[str, Any]) -> dict[str, Any]:
        function, name = self._function(params), params["Name"]
        if name not in function["aliases"]:
            raise ApiError("ResourceNotFound.Alias")
        routing = {"AdditionalVersionWeights": function["weights"].get(name, [])}
        return {"Name": name, "FunctionVersion": function["aliases"][name], "RoutingConfig": routing}

    def _point(self, params: dict[str, Any]) -> dict[str, Any]:
        function = self._idle(params)
        weights = params.get("RoutingConfig", {}).get("AdditionalVersionWeights", [])
        if {params["FunctionVersion"], *(each["Version"] for each in weights)} - set(function["versions"]):
            raise ApiError("ResourceNotFound.FunctionVersion")
        if len(weights) > 1 or not all(0 <= each["Weight"] <= 1 for each in weights):
            raise ApiError("InvalidParameterValue.AdditionalVersionWeights")
        function["aliases"][params["Name"]], function["weights"][params["Name"]] = params["FunctionVersion"], weights
        return {}

    # Triggers and what runs at once

    def do_CreateTrigger(self, params: dict[str, Any]) -> dict[str, Any]:
        function = self._idle(params)
        kind, qualifier = params["Type"], params.get("Qualifier", "$DEFAULT")
        if qualifier not in {*function["aliases"], *function["versions"]}:
            raise ApiError("ResourceNotFound.Qualifier")
        if kind not in ("timer", "http"):
            raise ApiError("InvalidParameterValue.Type")
        (limits.check_timer if kind == "timer" else limits.check_url)(params)
        alike = [each for each in function["triggers"] if each["Type"] == kind]
        if len(alike) >= limits.TRIGGERS_OF_A_KIND:
            raise ApiError("LimitExceeded.Trigger")
        # A version or an alias has one URL.
        if any(kind == "http" or each["TriggerName"] == params["TriggerName"]
               for each in alike if each["Qualifier"] == qualifier):  # fmt: skip
            raise ApiError("ResourceInUse.Trigger")
        made = {"TriggerName": params.get("TriggerName", "url"), "Type": kind, "Qualifier": qualifier}
        made |= {"TriggerDesc": params["TriggerDesc"], "CustomArgument": params.get("CustomArgument", "")}
        made |= {"Enable": int(params.get("Enable", "OPEN") == "OPEN")}
        if kind == "http":
            told = json.loads(made["TriggerDesc"])
            told["NetConfig"]["ExtranetUrl"] = f"https://1250000000-{len(self.functions)}.{self.region}.tencentscf.com"
            made["TriggerDesc"] = json.dumps(told)
        function["triggers"].append(made)
        return {"TriggerInfo": made}

    def do_ListTriggers(self, params: dict[str, Any]) -> dict[str, Any]:
        triggers = self._function(params)["triggers"]
        start, many = params.get("Offset", 0), params.get("Limit", 20)
        return {"TotalCount": len(triggers), "Triggers": triggers[start : start + many]}

    def do_PutReservedConcurrencyConfig(self, params: dict[str, Any]) -> dict[str, Any]:
        function = self._idle(params)
        others = sum(each["reserved"] or 0 for each in self.functions.values() if each is not function)
        limits.check_reserved(params["ReservedConcurrencyMem"], function["MemorySize"], others)
        function["reserved"] = params["ReservedConcurrencyMem"]
        return {}

    def do_GetReservedConcurrencyConfig(self, params: dict[str, Any]) -> dict[str, Any]:
        return {"ReservedMem": self._function(params)["reserved"]}

    def do_UpdateFunctionEventInvokeConfig(self, params: dict[str, Any]) -> dict[str, Any]:
        limits.check_retries(params["AsyncTriggerConfig"])
        self._idle(params)["retries"] = params["AsyncTriggerConfig"]
        return {}

    def do_GetFunctionEventInvokeConfig(self, params: dict[str, Any]) -> dict[str, Any]:
        return {"AsyncTriggerConfig": self._function(params)["retries"]}

    # What they share

    def _function(self, params: dict[str, Any]) -> dict[str, Any]:
        if params["FunctionName"] not in self.functions:
            raise ApiError("ResourceNotFound.Function")
        return self.functions[params["FunctionName"]]

    def _idle(self, params: dict[str, Any]) -> dict[str, Any]:
        function = self._function(params)
        if function["Status"] != "Active":
            raise ApiError("FailedOperation.FunctionStatusError")
        return function

    def _code(self, code: dict[str, Any], limit_bytes: int) -> bytes:
        """From the request itself, or from object storage, which has no such limit."""
        if ("ZipFile" in code) == ("CosObjectName" in code):
            raise ApiError("InvalidParameterValue.Code")
        if "CosObjectName" in code:
            place = (code.get("CosBucketName", ""), code["CosObjectName"])
            if place not in self.objects or code.get("CosBucketRegion") != self.region:
                raise ApiError("ResourceNotFound.CosObject")
            return self.objects[place]
        try:
            archive = base64.b64decode(code["ZipFile"], validate=True)
        except binascii.Error as err:
            raise ApiError("InvalidParameterValue.ZipFileBase64BinasciiError") from err
        if len(code["ZipFile"]) > limit_bytes:
            raise ApiError("InvalidParameter.RequestTooLarge")
        return archive

    def _check_layers(self, function: dict[str, Any]) -> None:
        size = function["size"]
        for each in function["Layers"]:
            layer = self.layers.get((each["LayerName"], each["LayerVersion"]))
            if layer is None:
                raise ApiError("ResourceNotFound.LayerVersion")
            if function["Runtime"] not in layer["runtimes"]:
                raise ApiError("InvalidParameterValue.Layers")
            size += layer["size"]
        if size > limits.UNPACKED_BYTES:
            raise ApiError("InvalidParameterValue.Code")
