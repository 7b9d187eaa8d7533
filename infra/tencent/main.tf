# Tencent Cloud: the cn cell. Functions and their triggers are declared in serverless.yml, once; functions.tf reads it.
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

variable "app_id" {
  type        = string
  description = "Of the Tencent Cloud account: the end of every bucket's name"
}

variable "allowed_origin" {
  type        = string
  description = "Web origin that a browser may call from (the mini-program itself needs none)"
  default     = "https://www.twinshore.example"
}

variable "build" {
  type        = string
  description = "Folder that `make build` made"
  default     = "../../build/tencent"
}

variable "releases" {
  type        = list(string)
  description = "Names of the releases that stand, oldest first. The last is what the build holds: a new name is a new release. Those before it are kept for the way back; two are enough"

  validation {
    condition     = length(var.releases) > 0 && length(distinct(var.releases)) == length(var.releases) && alltrue([for name in var.releases : can(regex("^[a-z0-9][a-z0-9.-]{0,30}$", name))])
    error_message = "One name at least, each once: lower-case letters, digits, dots and hyphens."
  }
}

variable "canary_percent" {
  type        = number
  description = "How many calls of a hundred the last release takes from the one before it. 0: none, all go back"
  default     = 100

  validation {
    condition     = var.canary_percent >= 0 && var.canary_percent <= 100
    error_message = "Of a hundred."
  }
}

variable "on_call_user_ids" {
  type        = set(number)
  description = "Users of the account who hear an alarm by telephone message"
  default     = []
}

locals {
  prefix = "twinshore-${var.stage}"
}
