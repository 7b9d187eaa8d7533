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

  # At rest under the cell's own key, as the table on AWS.
  need_support_tde = 1
  kms_key_id       = tencentcloud_kms_key.cell.id
  kms_region       = "ap-guangzhou"

  lifecycle {
    prevent_destroy = true
  }
}

# As far back as the table on AWS goes: a base each night, and the log from which any second between is restored.
resource "tencentcloud_postgresql_backup_plan_config" "store" {
  db_instance_id               = tencentcloud_postgresql_instance.store.id
  backup_period                = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
  min_backup_start_time        = "03:00:00"
  max_backup_start_time        = "04:00:00"
  base_backup_retention_period = 35
  log_backup_retention_period  = 35
}
