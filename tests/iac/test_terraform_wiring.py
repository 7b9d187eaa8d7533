"""infra/tencent: what is deployed reaches its callers, and what belongs together is tied together."""

from __future__ import annotations

from typing import Any

from tests.iac.test_terraform import local, parsed, resources


def by_name() -> dict[tuple[str, str], dict[str, Any]]:
    return {(kind, name): body for kind, name, body in resources()}


def test_what_is_deployed_changes_although_the_provider_changes_no_layer_and_keeps_no_version() -> None:
    """Read in the provider's source (docs/decisions/0202): a layer's update does nothing; an alias is moved when its
    description or its routing has changed, and not for its version alone; a replaced version is deleted."""
    found = by_name()
    layer = found["tencentcloud_scf_layer", "cell"]
    assert layer["for_each"] == "${local.packed}"
    assert "tencentcloud_cos_bucket_object.layer[each.key].key" in layer["content"][0]["cos_object_name"]
    for part in ("layer", "door"):
        assert "${each.value.release}/" in found["tencentcloud_cos_bucket_object", part]["key"]
    version = found["tencentcloud_scf_function_version", "door"]
    assert version["for_each"] == "${local.placed}"
    (kept,) = version["lifecycle"]
    assert kept["create_before_destroy"] is True
    assert "description" in str(kept["ignore_changes"])
    assert "tencentcloud_scf_layer.cell" in str(version["depends_on"]), "a layer goes after the versions that use it"
    alias = found["tencentcloud_scf_function_alias", "live"]
    assert "local.live" in alias["description"]
    assert "local.taking" in alias["description"]
    assert "@${local.live}" in alias["function_version"]
    function = found["tencentcloud_scf_function", "door"]
    assert "@${local.release}" in function["cos_object_name"]
    (layers,) = (each["layers"] for each in function["dynamic"])
    assert all("@${local.release}" in each for each in layers["content"][0].values())


def test_who_calls_reaches_the_live_alias() -> None:
    found = by_name()
    alias = "tencentcloud_scf_function_alias.live["
    for name in ("url", "timer"):
        trigger = found["tencentcloud_scf_trigger", name]
        assert alias in trigger["qualifier"]
        assert alias in trigger["function_name"]
    (endpoint,) = (each["endpoints_config"] for each in found["tencentcloud_scf_custom_domain", "api"]["dynamic"])
    assert alias in endpoint["content"][0]["qualifier"]
    assert local("environment").count("TWINSHORE_ALIAS") == 1


def test_the_functions_have_the_network_of_the_database_and_the_nat_gateway_as_their_way_out() -> None:
    found = by_name()
    function, store = found["tencentcloud_scf_function", "door"], found["tencentcloud_postgresql_instance", "store"]
    assert function["vpc_id"] == store["vpc_id"] == "${tencentcloud_vpc.cell.id}"
    assert function["subnet_id"] == "${tencentcloud_subnet.functions.id}"
    (rule,) = found["tencentcloud_security_group_rule_set", "database"]["ingress"]
    assert (rule["action"], rule["protocol"], rule["port"]) == ("ACCEPT", "TCP", "5432")
    assert rule["cidr_block"] == "${tencentcloud_subnet.functions.cidr_block}"
    assert store["security_groups"] == ["${tencentcloud_security_group.database.id}"]
    assert found["tencentcloud_subnet", "functions"]["route_table_id"] == "${tencentcloud_route_table.functions.id}"
    way = found["tencentcloud_route_table_entry", "out"]
    assert (way["destination_cidr_block"], way["next_type"]) == ("0.0.0.0/0", "NAT")
    assert way["next_hub"] == "${tencentcloud_nat_gateway.out.id}"
    assert way["route_table_id"] == "${tencentcloud_route_table.functions.id}"
    assert found["tencentcloud_nat_gateway", "out"]["assigned_eip_set"] == ["${tencentcloud_eip.out.public_ip}"]
    (told,) = (
        each["address_for_wechats_allow_list"] for each in parsed("output") if "address_for_wechats_allow_list" in each
    )
    assert told["value"] == "${tencentcloud_eip.out.public_ip}"


def test_each_function_has_its_role_and_each_role_its_policy() -> None:
    found = by_name()
    assert found["tencentcloud_scf_function", "door"]["role"] == "${tencentcloud_cam_role.door[each.key].name}"
    assert "scf.qcloud.com" in found["tencentcloud_cam_role", "door"]["document"]
    attached = found["tencentcloud_cam_role_policy_attachment_by_name", "door"]
    assert attached["role_name"] == "${tencentcloud_cam_role.door[each.key].name}"
    assert attached["policy_name"] == "${tencentcloud_cam_policy.door[each.key].name}"
    assert attached["for_each"] == found["tencentcloud_cam_policy", "door"]["for_each"] == "${local.read_by}"
    granted = found["tencentcloud_cam_policy", "door"]["document"]
    asked = found["tencentcloud_ssm_secret", "cell"]["secret_name"]
    assert "twinshore-cn-${name}" in granted
    assert granted.count("function/${local.names[") == granted.count('function/${local.names["events"]}') == 1
    assert asked == "twinshore-cn-${each.key}"
