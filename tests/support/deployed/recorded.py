"""Recorded events (tests/events), sent to a route of a door: as a platform hands them over, but for path and method."""

from __future__ import annotations

import json
from typing import Any

from tests.support.doors import load_door
from tests.support.tree import ROOT

EVENTS = ROOT / "tests" / "events"


def recorded(cloud: str, name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / cloud / f"{name}.json").read_text(encoding="utf-8"))
    return event


def first_route(door: str) -> tuple[str, str]:
    """Method and path, with a word for each parameter."""
    route = load_door(door).main_handler.routes[0]
    return route.method, "/".join("x" if part.startswith("{") else part for part in route.path.split("/"))


def http_event(cloud: str, name: str, door: str) -> dict[str, Any]:
    event, (method, path) = recorded(cloud, name), first_route(door)
    if cloud == "aws":
        event["rawPath"] = event["requestContext"]["http"]["path"] = path
        event["requestContext"]["http"]["method"] = method
    else:
        event |= {"httpMethod": method, "path": path}
    return event
