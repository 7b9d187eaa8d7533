# A role for each function, as on AWS: a door reads its own secrets (infra/secrets.toml; tests/iac/test_secrets.py), and the
# doors that commit may wake the one that tells.

locals {
  read_by = {
    benefits              = ["database", "session_keys"]
    cells                 = ["cell_key", "database"]
    desk                  = ["database", "provider_wechat_pay", "session_keys", "vault_keys"]
    events                = ["database", "mail", "provider_wechat_pay", "vault_keys", "wechat_app"]
    exchange              = ["cell_key", "database", "session_keys"]
    fx                    = ["database", "session_keys"]
    login                 = ["database", "session_keys", "wechat_app"]
    members               = ["database", "session_keys"]
    notifications         = ["database", "mail", "session_keys", "wechat_app"]
    payment_callbacks     = ["database", "provider_wechat_pay", "vault_keys"]
    payments              = ["database", "provider_wechat_pay", "session_keys", "vault_keys", "wechat_app"]
    points                = ["database", "session_keys"]
    points_links          = ["cell_key", "database", "session_keys"]
    reconciliation        = ["database", "provider_wechat_pay", "session_keys", "vault_keys"]
    reward_partners       = ["database", "reward_partners", "session_keys", "vault_keys"]
    rewards               = ["database", "reward_partners", "session_keys", "vault_keys"]
    schedule              = ["cell_key", "database", "mail", "provider_wechat_pay", "rate_source", "reward_partners", "vault_keys", "webhook_signing_keys", "wechat_app"]
    webhook_subscriptions = ["database", "session_keys", "webhook_signing_keys"]
  }
}

resource "tencentcloud_cam_role" "door" {
  for_each    = local.functions
  name        = "${local.prefix}-${each.key}"
  description = "What the function ${each.key} of the cn cell may do"
  document = jsonencode({
    version = "2.0"
    statement = [{
      effect    = "allow"
      action    = ["name/sts:AssumeRole"]
      principal = { service = ["scf.qcloud.com"] }
    }]
  })
}

resource "tencentcloud_cam_policy" "door" {
  for_each    = local.read_by
  name        = "${local.prefix}-${each.key}"
  description = "Read the door's own secrets; wake the events function; send mail, where it does"
  document = jsonencode({
    version = "2.0"
    statement = concat([
      {
        effect   = "allow"
        action   = ["name/ssm:GetSecretValue"]
        resource = [for name in each.value : "qcs::ssm:ap-guangzhou::secret/creatorUin/*/twinshore-cn-${name}"]
      },
      {
        effect   = "allow"
        action   = ["name/scf:InvokeFunction", "name/scf:Invoke"]
        resource = ["qcs::scf:ap-guangzhou::namespace/default/function/${local.names["events"]}"]
      },
      # Whoever knows the sender may send. SES knows no resource smaller than the account.
    ], [for name in each.value : { effect = "allow", action = ["name/ses:SendEmail"], resource = ["*"] } if name == "mail"])
  })
}

resource "tencentcloud_cam_role_policy_attachment_by_name" "door" {
  for_each    = local.read_by
  role_name   = tencentcloud_cam_role.door[each.key].name
  policy_name = tencentcloud_cam_policy.door[each.key].name
}
