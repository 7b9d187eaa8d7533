"""A cell deployed with `sam deploy` from the built template, to MiniStack: its stream, queues and schedules are wired
by the template, not by a test.

    with Cloud(shared) as cloud:
        eu = cloud.deploy("eu")
        answer = eu.ask("login", "POST", "/v1/login", {...})

Where MiniStack differs (seen): the routes of an HTTP API that SAM writes as an OpenAPI body are not made, so requests
go to the function of the door as the gateway hands them over; a function runs in MiniStack's own Python, so the layers
are built for that one; schedules with a rate do not fire, `at()` does. It has no CodeDeploy and no metric math,
so that the gradual takeover and the alarms of two windows are taken out (tests/iac/test_alarms.py holds what they say).
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Mapping, NamedTuple

import boto3
from botocore.config import Config

from infra.aws_alarms import MARK
from infra.build.staging import stage
from infra.build.targets import TARGETS
from infra.compile_alarms import END
from sandbox.gateway import aws as gateway
from sandbox.gateway.http_request import HttpRequest
from tests.support.engines import MINISTACK, ROOT, ministack
from twinshore.cells import load_cells

SAM = ROOT / ".venvs" / "sam" / "bin" / "sam"
DEPLOY_SECONDS = 300
STAGE = "test"
BUCKET = "artefacts"
AWS = next(target for target in TARGETS if target.cloud == "aws")


class Answer(NamedTuple):
    status: int
    body: Any


class Stack:
    """One deployed cell."""

    def __init__(self, cloud: Cloud, cell: str, outputs: Mapping[str, str]) -> None:
        self.cell, self.outputs = cell, outputs
        self.region = load_cells().all[cell].region
        self.name = f"twinshore-{cell}"
        self._cloud = cloud

    def client(self, service: str) -> Any:
        return self._cloud.client(service, self.region)

    def function(self, door: str) -> str:
        return f"twinshore-{STAGE}-{self.cell}-{door}"

    def keep(self, name: str, value: object) -> None:
        """Put a secret into its place, which the template has made, as an operator does."""
        text = value if isinstance(value, str) else json.dumps(value)
        self.client("secretsmanager").put_secret_value(SecretId=f"twinshore/{self.cell}/{name}", SecretString=text)

    def settings(self, **more: str) -> None:
        """Add environment variables to every function, as a new version that goes live: where outside parties' twins
        are."""
        client = self.client("lambda")
        for function in client.list_functions(MaxItems=50)["Functions"]:
            name = function["FunctionName"]
            if name.startswith(self.function("")):
                variables = {**function["Environment"]["Variables"], **more}
                client.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
                version = client.publish_version(FunctionName=name)["Version"]
                client.update_alias(FunctionName=name, Name="live", FunctionVersion=version)

    def invoke(self, door: str, event: Mapping[str, Any]) -> Any:
        answer = self.client("lambda").invoke(
            FunctionName=self.function(door), Qualifier="live", Payload=json.dumps(event)
        )
        said = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, said
        return said

    def ask(self, door: str, method: str, path: str, body: object = None,
            headers: Mapping[str, str] | None = None, raw: bytes = b"") -> Answer:  # fmt: skip
        sent = {"content-type": "application/json", **(headers or {})}
        content = raw or (json.dumps(body).encode() if body is not None else b"")
        path, _, query = path.partition("?")
        request = HttpRequest(method, path, query, tuple(sent.items()), content, "203.0.113.9", "r1", 0)
        shape = gateway.API_GATEWAY
        result = self.invoke(door, gateway.http_event(request, shape, gateway.domain_of(shape, self.region)))
        return Answer(result["statusCode"], json.loads(result["body"]) if result.get("body") else None)


class Cloud(AbstractContextManager["Cloud"]):
    """MiniStack, with what `make build` lays out for its Python."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running = ministack()

    def __enter__(self) -> Cloud:
        self.url = self._running.__enter__()
        version = subprocess.run(
            [MINISTACK / "bin" / "python", "-c", "import sys; print(*sys.version_info[:2])"],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        major, minor = map(int, version.stdout.split())
        stage(AWS._replace(python=(major, minor)), self._folder)
        template = self._folder / "aws" / "template.yaml"
        template.write_text(_without_what_is_not_there(template.read_text(encoding="utf-8")), encoding="utf-8")
        return self

    def __exit__(self, *details: Any) -> None:
        self._running.__exit__(*details)

    def client(self, service: str, region: str) -> Any:
        return boto3.client(
            service, region_name=region, endpoint_url=self.url, aws_access_key_id="AKIDEXAMPLE",
            aws_secret_access_key="not-a-secret", config=Config(read_timeout=90, retries={"max_attempts": 1}),
        )  # fmt: skip

    def deploy(self, cell: str) -> Stack:
        """Raises AssertionError with SAM's last words."""
        region = load_cells().all[cell].region
        bucket = f"{BUCKET}-{cell}"
        self.client("s3", region).create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
        command = [SAM, *_as_documented(cell, self._folder / "aws" / "template.yaml", region, bucket)]
        environment = {
            **os.environ, "AWS_ENDPOINT_URL": self.url, "AWS_DEFAULT_REGION": region, "AWS_REGION": region,
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "not-a-secret", "SAM_CLI_TELEMETRY": "0",
        }  # fmt: skip
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=DEPLOY_SECONDS, check=False
        )
        if done.returncode:
            raise AssertionError(done.stdout + done.stderr)
        stacks = self.client("cloudformation", region).describe_stacks(StackName=f"twinshore-{cell}")["Stacks"]
        print(f"deployed {cell} to {self.url}", file=sys.stderr)
        return Stack(self, cell, {row["OutputKey"]: row["OutputValue"] for row in stacks[0]["Outputs"]})


def _as_documented(cell: str, template: Path, region: str, bucket: str) -> list[str]:
    """The arguments of docs/operations.md, for this cell and this cloud; and nobody is asked."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^sam (deploy .*)$", page, re.M)
    changes = {
        "build/aws/template.yaml": str(template), "twinshore-prod-eu": f"twinshore-{cell}", "eu-central-1": region,
        "--resolve-s3": f"--s3-bucket {bucket}", "Cell=eu Stage=prod": f"Cell={cell} Stage={STAGE}",
    }  # fmt: skip
    for said, here in changes.items():
        assert said in line
        line = line.replace(said, here)
    return [*shlex.split(line), "--no-confirm-changeset", "--no-progressbar"]


def _without_what_is_not_there(template: str) -> str:
    changes = [(r"    DeploymentPreference:\n(?:      .*\n)+", 1), (rf"{MARK}\n(?:.*\n)+?{END}\n", 1)]
    for pattern, times in changes:
        template, count = re.subn(pattern, "", template)
        assert count == times, pattern
    return template
