"""Real engines for the cloud adapters: a moto server for AWS, our own twin for Tencent Cloud."""

from __future__ import annotations

import logging
from typing import Iterator

import pytest

from sandbox.twins.tencent_cloud import TencentCloudTwin

KEY_ID, KEY, TOKEN = "AKIDtwin", "twin-key-of-no-account", "twin-session-token"


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws_role(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ASIATWINSHORETWIN000")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEY)
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)


@pytest.fixture
def tencent_role(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENCENTCLOUD_SECRETID", KEY_ID)
    monkeypatch.setenv("TENCENTCLOUD_SECRETKEY", KEY)
    monkeypatch.setenv("TENCENTCLOUD_SESSIONTOKEN", TOKEN)


@pytest.fixture
def tencent() -> Iterator[TencentCloudTwin]:
    with TencentCloudTwin({KEY_ID: (KEY, TOKEN)}) as twin:
        yield twin
