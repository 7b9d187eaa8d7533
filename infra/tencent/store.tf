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
}
