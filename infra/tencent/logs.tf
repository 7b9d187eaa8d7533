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
  # Keys of our log lines (twinshore/log.py) that are searched and counted. CLS indexes the first level of a JSON line.
  indexed = {
    level       = "text"
    message     = "text"
    door        = "text"
    cell        = "text"
    route       = "text"
    request_id  = "text"
    queue       = "text"
    job         = "text"
    status      = "long"
    duration_ms = "double"
  }

  # name => query over the last minutes, when it is too much, and after how many rounds of one minute
  alarms = {
    answers-5xx    = { query = "status:>=500 | select count(*) as n", limit = 5, minutes = 5, rounds = 2 }
    errors         = { query = "level:error | select count(*) as n", limit = 10, minutes = 5, rounds = 2 }
    given-up       = { query = "level:error AND (message:\"given up\" OR message:\"set aside\") | select count(*) as n", limit = 0, minutes = 5, rounds = 1 }
    slow-callbacks = { query = "door:payment_callbacks AND duration_ms:>2000 | select count(*) as n", limit = 5, minutes = 5, rounds = 2 }
  }
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
  for_each         = local.alarms
  name             = "${local.prefix}-${each.key}"
  alarm_notice_ids = [tencentcloud_cls_alarm_notice.on_call.id]
  alarm_period     = 60
  condition        = "$1.n > ${each.value.limit}"
  trigger_count    = each.value.rounds
  message_template = "{{.Label}}: docs/operations.md, ${each.key}"
  status           = true

  alarm_targets {
    logset_id         = tencentcloud_cls_logset.cell.id
    topic_id          = tencentcloud_cls_topic.functions.id
    number            = 1
    query             = each.value.query
    start_time_offset = -each.value.minutes
    end_time_offset   = 0
    syntax_rule       = 1
  }

  monitor_time {
    type = "Period"
    time = 1
  }
}
