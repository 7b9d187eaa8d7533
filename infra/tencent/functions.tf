# The functions, layers and triggers that serverless.yml declares. What that file takes from its tool's environment
# (stage, network, log topic, layer versions, origin) is known here by resource.

locals {
  declared    = yamldecode(file("${path.module}/../../serverless.yml")).inputs
  functions   = local.declared.functions
  names       = { for door, function in local.functions : door => replace(function.name, "$${env:TWINSHORE_STAGE}", var.stage) }
  environment = merge({ for each in local.declared.environments : each.key => each.value }, { TWINSHORE_ALIAS = "live" })
  urls        = { for each in local.declared.triggers : each.function => each.parameters if each.type == "http" }
  timers      = { for each in local.declared.triggers : each.parameters.name => merge(each.parameters, { door = each.function }) if each.type == "timer" }
  layers      = { for each in local.declared.layers : trimprefix(each.name, "twinshore-") => each.name }
  zips        = "${path.module}/${var.build}/zips"

  # The provider changes no layer that stands, and keeps no version that is replaced (docs/decisions/0202): so each release
  # has layers and versions of its own, made once. The last one is what the build holds.
  release = var.releases[length(var.releases) - 1]
  before  = var.releases[max(length(var.releases) - 2, 0)]
  live    = var.canary_percent == 100 ? local.release : local.before
  taking  = { for release in var.releases : release => var.canary_percent / 100 if release == local.release && release != local.live && var.canary_percent > 0 }
  packed  = { for pair in setproduct(var.releases, keys(local.layers)) : "${pair[1]}@${pair[0]}" => { of = pair[1], release = pair[0] } }
  placed  = { for pair in setproduct(var.releases, keys(local.functions)) : "${pair[1]}@${pair[0]}" => { of = pair[1], release = pair[0] } }

  # One instance, one connection: together they are what the database takes (500 at 4 GB), less what operators need.
  # MB of memory, so instances are this over 512. Of a region's 128,000 MB none may reserve the last 12,800, and the
  # other doors live on what is left.
  reserved_mb = {
    payment_callbacks = 30 * 512
    payments          = 50 * 512
    login             = 50 * 512
    points            = 50 * 512
    events            = 20 * 512
    schedule          = 5 * 512
  }
}

resource "tencentcloud_cos_bucket" "artefacts" {
  bucket               = "${local.prefix}-artefacts-${var.app_id}"
  acl                  = "private"
  versioning_enable    = true
  encryption_algorithm = "AES256"
}

# A release's objects, layers and versions are taken from the build when its name is new, and stay as they are.
resource "tencentcloud_cos_bucket_object" "layer" {
  for_each = local.packed
  bucket   = tencentcloud_cos_bucket.artefacts.bucket
  key      = "${each.value.release}/layer-${each.value.of}.zip"
  source   = "${local.zips}/layer-${each.value.of}.zip"

  lifecycle {
    ignore_changes = [source]
  }
}

resource "tencentcloud_cos_bucket_object" "door" {
  for_each = local.placed
  bucket   = tencentcloud_cos_bucket.artefacts.bucket
  key      = "${each.value.release}/${each.value.of}.zip"
  source   = "${local.zips}/${each.value.of}.zip"

  lifecycle {
    ignore_changes = [source]
  }
}

resource "tencentcloud_scf_layer" "cell" {
  for_each            = local.packed
  layer_name          = "${local.layers[each.value.of]}-${var.stage}"
  compatible_runtimes = [local.declared.runtime]
  description         = each.value.release

  content {
    cos_bucket_name   = tencentcloud_cos_bucket.artefacts.bucket
    cos_bucket_region = local.declared.region
    cos_object_name   = "/${tencentcloud_cos_bucket_object.layer[each.key].key}"
  }
}

resource "tencentcloud_scf_function" "door" {
  for_each          = local.functions
  name              = local.names[each.key]
  description       = each.value.description
  handler           = each.value.handler
  runtime           = local.declared.runtime
  func_type         = title(local.declared.type)
  mem_size          = local.declared.memorySize
  timeout           = try(each.value.timeout, local.declared.timeout)
  role              = tencentcloud_cam_role.door[each.key].name
  vpc_id            = tencentcloud_vpc.cell.id
  subnet_id         = tencentcloud_subnet.functions.id
  enable_public_net = local.declared.publicAccess
  cls_logset_id     = tencentcloud_cls_logset.cell.id
  cls_topic_id      = tencentcloud_cls_topic.functions.id
  environment       = local.environment
  cos_bucket_name   = tencentcloud_cos_bucket.artefacts.bucket
  cos_bucket_region = local.declared.region
  cos_object_name   = "/${tencentcloud_cos_bucket_object.door["${each.key}@${local.release}"].key}"

  dynamic "layers" {
    for_each = local.declared.layers
    content {
      layer_name    = tencentcloud_scf_layer.cell["${trimprefix(layers.value.name, "twinshore-")}@${local.release}"].layer_name
      layer_version = tencentcloud_scf_layer.cell["${trimprefix(layers.value.name, "twinshore-")}@${local.release}"].layer_version
    }
  }
}

# What was published under a release's name is that release, for as long as its name stands in the list. Dropped from it,
# the version goes, and then its layers.
resource "tencentcloud_scf_function_version" "door" {
  for_each      = local.placed
  function_name = tencentcloud_scf_function.door[each.value.of].name
  namespace     = "default"
  description   = each.value.release
  depends_on    = [tencentcloud_scf_layer.cell]

  lifecycle {
    create_before_destroy = true
    ignore_changes        = [description]
  }
}

# What callers reach. docs/operations.md has the steps of a gradual deployment and of the way back. The provider moves an
# alias when its description or its routing changes, and not when its version alone does: the description names both.
resource "tencentcloud_scf_function_alias" "live" {
  for_each         = local.functions
  name             = "live"
  namespace        = "default"
  function_name    = tencentcloud_scf_function.door[each.key].name
  function_version = tencentcloud_scf_function_version.door["${each.key}@${local.live}"].function_version
  description      = join(", ", concat([local.live], [for release, part in local.taking : "${var.canary_percent} % to ${release}"]))

  dynamic "routing_config" {
    for_each = local.taking
    content {
      additional_version_weights {
        version = tencentcloud_scf_function_version.door["${each.key}@${routing_config.key}"].function_version
        weight  = routing_config.value
      }
    }
  }
}

# `CreateTrigger` takes a function URL without a name, and its description as JSON (SCF document 583/100227).
resource "tencentcloud_scf_trigger" "url" {
  for_each      = local.urls
  function_name = tencentcloud_scf_function_alias.live[each.key].function_name
  namespace     = "default"
  qualifier     = tencentcloud_scf_function_alias.live[each.key].name
  type          = "http"
  enable        = "OPEN"
  trigger_desc = jsonencode({
    AuthType = each.value.authType
    NetConfig = {
      EnableExtranet = each.value.netConfig.enableExtranet
      EnableIntranet = each.value.netConfig.enableIntranet
    }
    CorsConfig = {
      Enable        = each.value.corsConfig.enable
      Origins       = [for origin in each.value.corsConfig.origins : replace(origin, "$${env:TWINSHORE_ALLOWED_ORIGIN}", var.allowed_origin)]
      Methods       = each.value.corsConfig.methods
      Headers       = each.value.corsConfig.headers
      ExposeHeaders = each.value.corsConfig.exposeHeaders
      MaxAge        = each.value.corsConfig.maxAge
    }
  })
}

resource "tencentcloud_scf_trigger" "timer" {
  for_each        = local.timers
  function_name   = tencentcloud_scf_function_alias.live[each.value.door].function_name
  namespace       = "default"
  qualifier       = tencentcloud_scf_function_alias.live[each.value.door].name
  type            = "timer"
  trigger_name    = each.key
  trigger_desc    = each.value.cronExpression
  custom_argument = each.value.argument
  enable          = each.value.enable ? "OPEN" : "CLOSE"
}

# What is not carried out is tried twice more and then given up: the outbox's sweep and the next minute's timer have it.
resource "tencentcloud_scf_function_event_invoke_config" "door" {
  for_each      = toset(["events", "schedule"])
  function_name = tencentcloud_scf_function.door[each.key].name
  namespace     = "default"

  async_trigger_config {
    msg_ttl = 3600
    retry_config {
      retry_num = 2
    }
  }
}

resource "tencentcloud_scf_reserved_concurrency_config" "door" {
  for_each                 = local.reserved_mb
  function_name            = tencentcloud_scf_function.door[each.key].name
  namespace                = "default"
  reserved_concurrency_mem = each.value
}
