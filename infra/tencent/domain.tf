# One domain, fanned out to the doors. The door itself knows its routes; tests/iac/test_terraform.py holds the two together.

locals {
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
    "/v1/points/entries"            = "points"
    "/v1/points/redemptions"        = "points"
    "/v1/points/redemptions/*"      = "points"
    "/v1/points/gifts"              = "points"
    "/v1/points/links"              = "points_links"
    "/v1/points/links/*"            = "points_links"
    "/v1/points/exchanges"          = "exchange"
    "/v1/points/exchanges/*"        = "exchange"
    "/v1/points/settlements/*"      = "exchange"
    "/v1/points/check-ins"          = "members"
    "/v1/points/check-ins/make-ups" = "members"
    "/v1/members/*"                 = "members"
    "/v1/rewards"                   = "rewards"
    "/v1/rewards/vouchers"          = "rewards"
    "/v1/rewards/vouchers/*"        = "rewards"
    "/v1/rewards/stock"             = "reward_partners"
    "/v1/rewards/partners/*"        = "reward_partners"
    "/v1/benefits"                  = "benefits"
    "/v1/benefits/*"                = "benefits"
    "/v1/notifications"             = "notifications"
    "/v1/notifications/*"           = "notifications"
    "/v1/webhook-subscriptions"     = "webhook_subscriptions"
    "/v1/webhook-subscriptions/*"   = "webhook_subscriptions"
    "/v1/reconciliation/*"          = "reconciliation"
    "/cells/v1/*"                   = "cells"
  }
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
      function_name = tencentcloud_scf_function_alias.live[endpoints_config.value].function_name
      qualifier     = tencentcloud_scf_function_alias.live[endpoints_config.value].name
      path_match    = endpoints_config.key
    }
  }
}
