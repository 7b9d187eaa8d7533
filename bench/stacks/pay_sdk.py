"""wechatpayv3 alone, without a framework."""

import json

from bench.stacks.sdk import take


def handler(event, context):
    return {"statusCode": 200, "body": json.dumps(take(event["headers"], event["body"]))}
