"""powertools + wechatpayv3 + boto3: the notice is remembered by one conditional write."""

import os

import boto3
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from bench.stacks.sdk import take

app = APIGatewayHttpResolver()
TABLE = os.environ["BENCH_TABLE"]
client = boto3.client("dynamodb", region_name="eu-central-1")


@app.post("/v1/webhooks/wechat_pay")
def notify():
    told = take(app.current_event.headers, app.current_event.body)
    client.update_item(
        TableName=TABLE,
        Key={"pk": {"S": f"payment#{told['reference']}"}, "sk": {"S": "payment"}},
        UpdateExpression="SET captured_minor = :amount",
        ConditionExpression="attribute_not_exists(captured_minor) OR captured_minor = :amount",
        ExpressionAttributeValues={":amount": {"N": str(told["amount"])}},
    )
    return told


def handler(event, context):
    return app.resolve(event, context)
