locals {
  # As infra/secrets.toml says. The values are put in by a person and never stand in a state file.
  secrets = ["session_keys", "wechat_app", "provider_wechat_pay", "vault_keys", "webhook_signing_keys", "cell_key", "rate_source", "reward_partners", "mail", "database"]
}

resource "tencentcloud_kms_key" "cell" {
  alias                = local.prefix
  description          = "Secrets and personal fields at rest"
  key_rotation_enabled = true

  # Deleting the key is deleting the data.
  pending_delete_window_in_days = 30

  lifecycle {
    prevent_destroy = true
  }
}

resource "tencentcloud_ssm_secret" "cell" {
  for_each    = toset(local.secrets)
  secret_name = "twinshore-cn-${each.key}"
  kms_key_id  = tencentcloud_kms_key.cell.id

  # Left out, a secret that is dropped from the list is gone at once.
  recovery_window_in_days = 30
}
