"""The served OpenAPI document is what the doors' route tables say."""

from __future__ import annotations

import json
import subprocess
import sys

from openapi_spec_validator import OpenAPIV31SpecValidator

from infra.compile_openapi import ROOT, TARGET


def test_the_compiled_document_is_up_to_date() -> None:
    done = subprocess.run([sys.executable, "-m", "infra.compile_openapi", "--check"], cwd=ROOT, check=False, timeout=60)
    assert done.returncode == 0, "run python -m infra.compile_openapi"


def test_the_document_is_valid_openapi_3_1() -> None:
    document = json.loads(TARGET.read_text(encoding="utf-8"))
    OpenAPIV31SpecValidator(document).validate()
    operations = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(operations) == len(set(operations))
