output "address_for_wechats_allow_list" {
  value = tencentcloud_eip.out.public_ip
}

output "store_host" {
  value = tencentcloud_postgresql_instance.store.private_access_ip
}
