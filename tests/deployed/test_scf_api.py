"""The built zips taken by SCF's API: the twin looks into them for the handler and for what they unpack to."""

from __future__ import annotations

from tests.support.deployed.built import Built
from tests.support.scf_api.deploying import BUCKET, deploy, plan, request, sdk
from tests.support.scf_api.twin import ScfTwin
from tests.support.tree import doors


def test_what_is_built_is_taken_whole(tencent: Built) -> None:
    what = plan(tencent.home / "zips")
    objects = {(BUCKET, f"/{path.name}"): path.read_bytes() for path in what.zips.glob("layer-*.zip")}
    with ScfTwin({"AKIDexample": ("a-key-of-nobody", "a-token")}, objects, what.inputs["region"]) as twin:
        client = sdk(twin.url, "AKIDexample", "a-key-of-nobody", "a-token", what.inputs["region"])
        assert deploy(client, what) == {"twinshore-deps": 1, "twinshore-core": 1}
        there = client.ListFunctions(request("ListFunctions", Limit=100))
        assert there.TotalCount == len(doors())
        for each in there.Functions:
            found = client.GetFunction(request("GetFunction", FunctionName=each.FunctionName))
            assert found.Status == "Active" and found.CodeSize > 0
