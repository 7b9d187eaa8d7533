# Tencent Cloud: what of the cn cell is no function. The functions are in serverless.yml, whose names this file reads.
# The provider cannot be had here; tests/iac/test_terraform.py compares every argument with its published schema.

terraform {
  required_version = ">= 1.5"
  required_providers {
    tencentcloud = {
      source  = "tencentcloudstack/tencentcloud"
      version = "~> 1.83"
    }
  }
}

provider "tencentcloud" {
  region = "ap-guangzhou"
}

variable "stage" {
  type    = string
  default = "prod"
}

variable "domain" {
  type        = string
  description = "The cell's domain, filed for ICP"
  default     = "cn.api.twinshore.example"
}

variable "certificate_id" {
  type = string
}

variable "zone" {
  type    = string
  default = "ap-guangzhou-6"
}

variable "database_password" {
  type      = string
  sensitive = true
}

locals {
  prefix    = "twinshore-${var.stage}"
  functions = yamldecode(file("${path.module}/../../serverless.yml")).inputs.functions

  # One domain, fanned out to the doors. The door itself knows its routes; tests/iac/test_terraform.py holds the two together.
  paths = {
    "/v1/bootstrap"                 = "bootstrap"
    "/v1/health"                    = "bootstrap"
    "/openapi.json"                 = "bootstrap"
    "/v1/login"                     = "login"
    "/v1/login/*"                   = "login"
    "/v1/logout"                    = "login"
    "/v1/fx/*"                      = "fx"
    "/v1/orders"                    = "payments"
    "/v1/orders/*"                  = "payments"
    "/v1/webhooks/*"                = "payment_callbacks"
    "/v1/desk/*"                    = "desk"
    "/v1/flags"                     = "desk"
    "/v1/flags/*"                   = "desk"
    "/v1/points"                    = "points"
    "/v1/points/*"                  = "points"
    "/v1/points/check-ins"          = "members"
    "/v1/points/check-ins/make-ups" = "members"
    "/v1/members/*"                 = "members"
    "/v1/benefits"                  = "benefits"
    "/v1/benefits/*"                = "benefits"
    "/v1/notifications"             = "notifications"
    "/v1/notifications/*"           = "notifications"
    "/v1/webhook-subscriptions"     = "webhook_subscriptions"
    "/v1/webhook-subscriptions/*"   = "webhook_subscriptions"
    "/v1/reconciliation/*"          = "reconciliation"
    "/cells/v1/*"                   = "cells"
  }

  # As infra/secrets.toml says. The values are put in by a person and never stand in a state file.
  secrets = ["session_keys", "wechat_app", "provider_wechat_pay", "vault_keys", "webhook_signing_keys", "cell_key", "rate_source", "mail", "database"]
}

resource "tencentcloud_vpc" "cell" {
  name       = local.prefix
  cidr_block = "10.40.0.0/16"
}

resource "tencentcloud_route_table" "functions" {
  name   = "${local.prefix}-functions"
  vpc_id = tencentcloud_vpc.cell.id
}

resource "tencentcloud_subnet" "functions" {
  name              = "${local.prefix}-functions"
  vpc_id            = tencentcloud_vpc.cell.id
  cidr_block        = "10.40.1.0/24"
  availability_zone = var.zone
  route_table_id    = tencentcloud_route_table.functions.id
}

# One steady address out: the one on WeChat's allow list.
resource "tencentcloud_eip" "out" {
  name = "${local.prefix}-out"
}

resource "tencentcloud_nat_gateway" "out" {
  name             = "${local.prefix}-out"
  vpc_id           = tencentcloud_vpc.cell.id
  assigned_eip_set = [tencentcloud_eip.out.public_ip]
}

resource "tencentcloud_route_table_entry" "out" {
  route_table_id         = tencentcloud_route_table.functions.id
  destination_cidr_block = "0.0.0.0/0"
  next_type              = "NAT"
  next_hub               = tencentcloud_nat_gateway.out.id
}

resource "tencentcloud_security_group" "database" {
  name        = "${local.prefix}-database"
  description = "PostgreSQL, from the functions only"
}

resource "tencentcloud_security_group_rule_set" "database" {
  security_group_id = tencentcloud_security_group.database.id

  ingress {
    action     = "ACCEPT"
    cidr_block = tencentcloud_subnet.functions.cidr_block
    protocol   = "TCP"
    port       = "5432"
  }
}

resource "tencentcloud_postgresql_instance" "store" {
  name              = "${local.prefix}-store"
  availability_zone = var.zone
  vpc_id            = tencentcloud_vpc.cell.id
  subnet_id         = tencentcloud_subnet.functions.id
  security_groups   = [tencentcloud_security_group.database.id]
  db_major_version  = "16"
  memory            = 4
  storage           = 100
  root_password     = var.database_password
  delete_protection = true
}

resource "tencentcloud_kms_key" "cell" {
  alias                = local.prefix
  description          = "Secrets and personal fields at rest"
  key_rotation_enabled = true
}

resource "tencentcloud_ssm_secret" "cell" {
  for_each    = toset(local.secrets)
  secret_name = "twinshore-cn-${each.key}"
  kms_key_id  = tencentcloud_kms_key.cell.id
}

resource "tencentcloud_cam_role" "functions" {
  name        = "${local.prefix}-functions"
  description = "What the functions of the cn cell may do"
  document = jsonencode({
    version = "2.0"
    statement = [{
      effect    = "allow"
      action    = ["name/sts:AssumeRole"]
      principal = { service = ["scf.qcloud.com"] }
    }]
  })
}

resource "tencentcloud_cam_policy" "functions" {
  name        = "${local.prefix}-functions"
  description = "Read the cell's secrets; wake the events function"
  document = jsonencode({
    version = "2.0"
    statement = [
      {
        effect   = "allow"
        action   = ["name/ssm:GetSecretValue"]
        resource = [for name in local.secrets : "qcs::ssm:ap-guangzhou::secret/creatorUin/*/twinshore-cn-${name}"]
      },
      {
        effect   = "allow"
        action   = ["name/scf:InvokeFunction", "name/scf:Invoke"]
        resource = ["qcs::scf:ap-guangzhou::namespace/default/function/${replace(local.functions["events"].name, "$${env:TWINSHORE_STAGE}", var.stage)}"]
      },
    ]
  })
}

resource "tencentcloud_cam_role_policy_attachment_by_name" "functions" {
  role_name   = tencentcloud_cam_role.functions.name
  policy_name = tencentcloud_cam_policy.functions.name
}

resource "tencentcloud_cls_logset" "cell" {
  logset_name = local.prefix
}

# What a function returns is logged by the platform, tokens included: access is narrow and the time is short.
resource "tencentcloud_cls_topic" "functions" {
  topic_name = "${local.prefix}-functions"
  logset_id  = tencentcloud_cls_logset.cell.id
  period     = 14
}

resource "tencentcloud_scf_custom_domain" "api" {
  domain   = var.domain
  protocol = "HTTPS"

  cert_config {
    certificate_id = var.certificate_id
  }

  dynamic "endpoints_config" {
    for_each = local.paths
    content {
      namespace     = "default"
      function_name = replace(local.functions[endpoints_config.value].name, "$${env:TWINSHORE_STAGE}", var.stage)
      qualifier     = "$DEFAULT"
      path_match    = endpoints_config.key
    }
  }
}

output "address_for_wechats_allow_list" {
  value = tencentcloud_eip.out.public_ip
}

output "store_host" {
  value = tencentcloud_postgresql_instance.store.private_access_ip
}
