"""Schemathesis asks every cell of the box whatever the OpenAPI document allows, and what it does not.

No 5xx, no undocumented status, content type or shape, whoever asks: a member, a service, or nobody.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.box_process import BoxProcess, fetch
from twinshore.tokens import signer_from_secret

CELLS = ("cn", "eu", "sea", "us")
EXAMPLES = 12
"""For each operation of each cell. The seed is fixed, so that a failure comes back."""
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BoxProcess]:
    with BoxProcess(tmp_path_factory.mktemp("box")) as running:
        running.read_until("Ctrl-C")
        yield running


def tokens(box: BoxProcess, cell: str) -> dict[str, str]:
    """A session and a service's token of this cell, signed with the key that the box made for it."""
    secrets = json.loads((box.folder / cell / "secrets.json").read_text(encoding="utf-8"))
    signer, now = signer_from_secret(cell, secrets["session_keys"]), int(time.time())
    return {
        "member": signer.issue("member", {"sub": "m_schemathesis", "sid": "s1"}, 600, now),
        "service": signer.issue("service", {"sub": "schemathesis"}, 600, now),
    }


def operations(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(method.upper(), path) for path, entry in document["paths"].items() for method in entry]


def ask_everything(operation: Any, url: str, headers: dict[str, str], asked: list[str]) -> None:
    @seed(20261122)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        response = case.call(base_url=url, headers=headers, timeout=20)
        asked.append(f"{case.method} {case.path} {response.status_code}")
        case.validate_response(response, checks=CHECKS)

    ask()


@pytest.mark.slow
@pytest.mark.parametrize("cell", CELLS)
def test_no_answer_is_undocumented_and_none_is_a_fault(box: BoxProcess, cell: str) -> None:
    url = box.get("/box.json")["cells"][cell]
    document = fetch(f"{url}/openapi.json")
    held = tokens(box, cell)
    schema = schemathesis.openapi.from_dict(document)
    asked: list[str] = []
    for method, path in operations(document):
        security = document["paths"][path][method.lower()].get("security") or [{}]
        token = held.get(next(iter(security[0]), ""), "")
        ask_everything(schema[path][method], url, {"Authorization": f"Bearer {token}"} if token else {}, asked)
    assert len(asked) >= len(operations(document)) * EXAMPLES // 2
    assert any(line.endswith((" 200", " 201", " 204")) for line in asked), "something went well"


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_serves_the_same_document(box: BoxProcess, cell: str) -> None:
    urls = box.get("/box.json")["cells"]
    assert fetch(f"{urls[cell]}/openapi.json") == fetch(f"{urls['cn']}/openapi.json")


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/v1/login", b"\xff\xfe", 400),
        ("POST", "/v1/login", b'{"code": "' + b"x" * 70_000 + b'"}', 413),
        ("POST", "/v1/login", b'{"code": 5}', 422),
        ("PATCH", "/v1/login", b"", 405),
        ("GET", "/v1/unknown", b"", 404),
        ("GET", "/v1/fx/rates?base=XXX&quote=EUR", b"", 422),
        ("GET", "/v1/fx/rates?base=%FF&quote=EUR", b"", (400, 422)),
    ],
)
def test_bad_input_is_a_problem_document(
    box: BoxProcess, cell: str, method: str, path: str, body: bytes, status: int | tuple[int, ...]
) -> None:
    url = box.get("/box.json")["cells"][cell]
    request = urllib.request.Request(f"{url}{path}", data=body or None, method=method)
    request.add_header("Content-Type", "application/json")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    assert refused.value.code in (status if isinstance(status, tuple) else (status,))
    assert refused.value.headers["content-type"].startswith("application/problem+json")
    document = json.loads(refused.value.read())
    assert document["status"] == refused.value.code
    assert Path(document["type"]).name
