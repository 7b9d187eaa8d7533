resource "tencentcloud_cam_role" "functions" {
  name        = "${local.prefix}-functions"
  description = "What the functions of the cn cell may do"
  document = jsonencode({
    version = "2.0"
    statement = [{
      effect    = "allow"
      action    = ["name/sts:AssumeRole"]
      principal = { service = ["scf.qcloud.com"] }
    }]
  })
}

resource "tencentcloud_cam_policy" "functions" {
  name        = "${local.prefix}-functions"
  description = "Read the cell's secrets; wake the events function"
  document = jsonencode({
    version = "2.0"
    statement = [
      {
        effect   = "allow"
        action   = ["name/ssm:GetSecretValue"]
        resource = [for name in local.secrets : "qcs::ssm:ap-guangzhou::secret/creatorUin/*/twinshore-cn-${name}"]
      },
      {
        effect   = "allow"
        action   = ["name/scf:InvokeFunction", "name/scf:Invoke"]
        resource = ["qcs::scf:ap-guangzhou::namespace/default/function/${local.names["events"]}"]
      },
    ]
  })
}

resource "tencentcloud_cam_role_policy_attachment_by_name" "functions" {
  role_name   = tencentcloud_cam_role.functions.name
  policy_name = tencentcloud_cam_policy.functions.name
}
