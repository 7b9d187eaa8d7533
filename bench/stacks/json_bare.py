"""The floor: the standard library and checks by hand, with no model, no router and no problem documents."""

import json

from bench.request import answer


def handler(event, context):
    body = json.loads(event["body"])
    numbers = [body["points"], body["amount_minor"], *(item["points"] for item in body["items"])]
    texts = [body["currency"], body["quote_id"], *(item["sku"] for item in body["items"]), *body["delivery"].values()]
    if not all(type(number) is int for number in numbers) or not all(type(text) is str for text in texts):
        return {"statusCode": 422, "body": "{}"}
    told = answer(event["pathParameters"]["member_id"], body["points"], body["currency"],
                  [item["points"] for item in body["items"]], event["headers"]["authorization"])  # fmt: skip
    return {"statusCode": 201, "headers": {"content-type": "application/json"}, "body": json.dumps(told)}
