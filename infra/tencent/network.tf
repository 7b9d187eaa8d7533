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
