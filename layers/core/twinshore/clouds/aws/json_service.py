"""AWS services of the JSON protocol, called as boto3's low-level clients are: `client.get_item(TableName=..., ...)`.

Same names, same parameters, same `response` on its errors, and it never repeats a call; no model, no paginator, no
bytes. It stands where botocore's 300 ms would be a cold door's largest part (docs/decisions/0070).
"""

from __future__ import annotations

import json
from typing import Any

from twinshore import outbound
from twinshore.clouds.aws import client


class ServiceError(Exception):
    """The service answered no. `response` as botocore's ClientError has it: `{"Error": {"Code": ...}, ...}`.

    The service's own message stays out of the text: it may quote the request.
    """

    def __init__(self, action: str, response: dict[str, Any]) -> None:
        super().__init__(f"{action}: {response['Error']['Code']}")
        self.response = response


class Unanswered(ConnectionError):
    """No answer. `delivered` is False when the call surely did not reach the service."""

    def __init__(self, reason: str, delivered: bool) -> None:
        super().__init__(reason)
        self.delivered = delivered


class JsonService:
    """`target`: the API's name and version, e.g. "DynamoDB_20120810"; `actions`: method name -> action."""

    def __init__(self, service: client.Service, target: str, actions: dict[str, str]) -> None:
        self._service = service
        self._target = target
        self._actions = actions

    def __getattr__(self, name: str) -> Any:
        action = self.__dict__.get("_actions", {}).get(name)
        if action is None:
            raise AttributeError(name)
        return lambda **parameters: self._call(action, parameters)

    def _call(self, action: str, parameters: dict[str, Any]) -> dict[str, Any]:
        headers = {"content-type": "application/x-amz-json-1.0", "x-amz-target": f"{self._target}.{action}"}
        body = json.dumps(parameters, ensure_ascii=False, separators=(",", ":")).encode()
        try:
            reply = client.post(self._service, "/", headers, body)
        except outbound.Unreachable as err:
            raise Unanswered(str(err), delivered=False) from err
        except outbound.NoAnswer as err:
            raise Unanswered(str(err), delivered=True) from err
        try:
            answer: dict[str, Any] = json.loads(reply.body)
            if reply.status == 200:
                return answer
            code = str(answer["__type"]).rsplit("#", 1)[-1]
        except (ValueError, KeyError, TypeError):
            # A gateway's page. 5xx may have been carried out after all.
            code = "ServiceUnavailable" if reply.status >= 500 else f"Status{reply.status}"
            answer = {}
        raise ServiceError(action, {**answer, "Error": {"Code": code}})


def dynamodb_service(region: str, endpoint: str = "") -> JsonService:
    """What `store.dynamodb.DynamoStore` asks of a client."""
    actions = ("GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "BatchGetItem", "TransactWriteItems", "Scan")
    names = {"".join(f"_{c.lower()}" if c.isupper() else c for c in action)[1:]: action for action in actions}
    return JsonService(client.Service("dynamodb", "dynamodb", region, endpoint), "DynamoDB_20120810", names)
