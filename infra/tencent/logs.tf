resource "tencentcloud_cls_logset" "cell" {
  logset_name = local.prefix
}

# What a function returns is logged by the platform, tokens included: access is narrow and the time is short.
resource "tencentcloud_cls_topic" "functions" {
  topic_name = "${local.prefix}-functions"
  logset_id  = tencentcloud_cls_logset.cell.id
  period     = 14
}

locals {
  # What rings, and the keys of its figures: infra/alarms.toml, by `python -m infra.compile_alarms`.
  watched = jsondecode(file("${path.module}/alarms.json"))

  # Keys of our log lines (twinshore/log.py) that are searched and counted besides; those in capitals are the platform's.
  # CLS indexes the first level of a JSON line.
  indexed = merge(local.watched.indexed, {
    level          = "text"
    message        = "text"
    cell           = "text"
    route          = "text"
    request_id     = "text"
    trace_id       = "text"
    status         = "long"
    SCF_StatusCode = "long"
    SCF_RequestId  = "text"
  })
}

resource "tencentcloud_cls_index" "functions" {
  topic_id = tencentcloud_cls_topic.functions.id
  status   = true

  rule {
    full_text {
      case_sensitive = false
      tokenizer      = "@&?|#()='\",;:<>[]{}/ \n\t\r\\"
      contain_z_h    = true
    }

    key_value {
      case_sensitive = false

      dynamic "key_values" {
        for_each = local.indexed
        content {
          key = key_values.key
          value {
            type      = key_values.value
            sql_flag  = true
            tokenizer = key_values.value == "text" ? "@&?|#()='\",;:<>[]{}/ \n\t\r\\" : ""
          }
        }
      }
    }
  }
}

resource "tencentcloud_cls_alarm_notice" "on_call" {
  name = "${local.prefix}-on-call"
  type = "All"

  dynamic "notice_receivers" {
    for_each = length(var.on_call_user_ids) > 0 ? [var.on_call_user_ids] : []
    content {
      receiver_type     = "Uin"
      receiver_ids      = notice_receivers.value
      receiver_channels = ["Sms", "WeChat"]
      start_time        = "00:00:00"
      end_time          = "23:59:59"
    }
  }
}

resource "tencentcloud_cls_alarm" "cell" {
  for_each         = local.watched.alarms
  name             = "${local.prefix}-${each.key}"
  alarm_notice_ids = [tencentcloud_cls_alarm_notice.on_call.id]
  alarm_period     = 60
  condition        = each.value.condition
  trigger_count    = each.value.rounds
  message_template = "{{.Label}}: ${each.value.says}; docs/operations.md, ${each.value.page}"
  status           = true

  dynamic "alarm_targets" {
    for_each = each.value.targets
    content {
      logset_id         = tencentcloud_cls_logset.cell.id
      topic_id          = tencentcloud_cls_topic.functions.id
      number            = alarm_targets.key + 1
      query             = alarm_targets.value.query
      start_time_offset = -alarm_targets.value.minutes
      end_time_offset   = 0
      syntax_rule       = 1
    }
  }

  monitor_time {
    type = "Period"
    time = each.value.every
  }
}
