"""Other releases of the package, made here from today's code by small changes; each runs in a process of its own.

Today's code is the old one. A change whose place is no longer found fails the test: move it along with the code.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, NamedTuple

from tests.support import engines
from tests.support.doors import ROOT, Answer, Place
from twinshore import wiring
from twinshore.store.port import OUTBOX

PACKAGE = ROOT / "layers" / "core" / "twinshore"
WORKER = Path(__file__).parent / "worker.py"
OLD, NEW, READY, AFTER = "old", "new", "ready", "after"
"""What a test calls the releases of its own."""


class Edit(NamedTuple):
    file: str
    found: str
    put: str


def after(file: str, found: str, more: str) -> Edit:
    return Edit(file, found, found + more)


ADDITIONS = (
    # A field of the order, and one at the end of each attempt's row.
    after("payments/order.py", '    version: int = 0\n', '    channel: str = ""\n'),
    after("payments/order.py", '        "credited": order.credited,\n', '        "channel": order.channel,\n'),
    after("payments/order.py", 'part_of=fields.get("part_of", ""),\n', '        channel=fields.get("channel", ""),\n'),
    after("payments/order.py", '"""When the newest refund was, by the provider."""\n', '    risk: str = ""\n'),
    after("payments/orders.py", "created_at=now,\n", '        channel="mini_program",\n'),
    after("payments/starting.py", "country=payer.country, language=wish.language,", ' risk="low",'),
    # A field of an event, and an event that today's code does not know, with its consumer.
    Edit("payments/told.py", '"captured_at": attempt.captured_at}',
         '"captured_at": attempt.captured_at, "channel": order.channel}'),
    Edit("payments/orders.py", "shown(order, now))",
         'shown(order, now), (Event(f"{order.id}.opened", "order.opened", now, {"order_id": order.id}),))'),
    Edit("payments/orders.py", "from twinshore import idempotency\n",
         "from twinshore import idempotency\nfrom twinshore.events import Event\n"),
    after("outbound_webhooks/catalogue.py", "INTERNAL = {\n", '    "order.opened": "its own",\n'),
    Edit("consumers.py", "    return {\n", '''    def opened(event: Event) -> None:
        from twinshore.store.port import CommitConflict, Create, Key

        try:
            store().commit(Create(Key(f"opened#{event.data['order_id']}", "opened"), {}))
        except CommitConflict:
            pass

    return {
        "order.opened": (opened,),
'''),
    # Fields of points' accounts and entries, of a profile, and of an exchange.
    after("points/posting.py", "balance_of(account) + entry.points\n", '    fields["seen_by"] = "new"\n'),
    Edit("points/book.py", '"fingerprint": fingerprint,\n', '"fingerprint": fingerprint, "channel": "new",\n'),
    Edit("members/profile.py", '**after._asdict(), "languages"', '**after._asdict(), "nickname": "Anna", "languages"'),
    Edit("exchange/exchanges.py", "exchange._asdict(), residency.here)",
         '{"channel": "new", **exchange._asdict()}, residency.here)'),
)  # fmt: skip

_SHAPES = """
def _zone(fields: Fields) -> Fields:
    rest = {{name: value for name, value in fields.items() if name != "{before}"}}
    return {{**rest, "{after}": fields["{before}"]}}


SHAPES: Shapes = {{"membership": (Shape("profile", {writes}, {{{read}: _zone}}),)}}
"""
READS_RENAMED = (
    Edit("store/versions.py", "SHAPES: Shapes = {}\n",
         _SHAPES.format(before="zone", after="time_zone", writes=1, read=2)),
)  # fmt: skip
"""A profile's `time_zone` will be called `zone`: this release can read it, and writes the old name."""
WRITES_RENAMED = (
    Edit("store/versions.py", "SHAPES: Shapes = {}\n",
         _SHAPES.format(before="time_zone", after="zone", writes=2, read=1)),
    Edit("members/profile.py", '        labelled = members.residency.label(fields, home)',
         '        fields["zone"] = fields.pop("time_zone")\n        labelled = members.residency.label(fields, home)'),
    Edit("members/profile.py", 'str(fields["time_zone"])', 'str(fields["zone"])'),
)  # fmt: skip


def make(folder: Path, edits: tuple[Edit, ...]) -> Path:
    """The folder for PYTHONPATH."""
    shutil.copytree(PACKAGE, folder / "twinshore", ignore=shutil.ignore_patterns("__pycache__"))
    for edit in edits:
        file = folder / "twinshore" / edit.file
        text = file.read_text(encoding="utf-8")
        assert edit.found in text, f"the change of {edit.file} is to be moved along: {edit.found}"
        file.write_text(text.replace(edit.found, edit.put, 1), encoding="utf-8")
    return folder


class Release:
    def __init__(self, core: Path) -> None:
        self._turn = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, str(WORKER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True, env={**os.environ, "PYTHONPATH": str(core), "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip

    def call(self, door: str, event: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._turn:
            self._process.stdin.write(json.dumps({"door": door, "event": event}, default=str) + "\n")
            self._process.stdin.flush()
            answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(20)


class Places(Place):
    """A cell whose doors are those of whichever release serves at the moment. Releases start with `take_up`."""

    releases: dict[str, Release] = {}
    serving = OLD
    table: tuple[Any, str] | None = None
    """The client and the name of a table with a stream, if the store is one."""
    _streamed = 0

    def take_up(self, **cores: Path) -> None:
        """The settings are those of now."""
        self.releases = {name: Release(core) for name, core in cores.items()}

    @contextmanager
    def served_by(self, name: str) -> Iterator[None]:
        before, self.serving = self.serving, name
        yield
        self.serving = before

    def invoke(self, door: str, event: dict[str, Any]) -> Answer:
        if not self.releases:
            return super().invoke(door, event)
        raw = self.releases[self.serving].call(door, event)["said"]
        headers = {name.lower(): value for name, value in raw["headers"].items()}
        return Answer(raw["statusCode"], headers, raw["body"])

    def hear(self, release: str, event: dict[str, Any]) -> dict[str, Any]:
        """The events door of a release."""
        said: dict[str, Any] = self.releases[release].call("events", event)["said"]
        return said

    def tell(self, *releases: str) -> None:
        """Deliver what was committed, one by one, by the releases in turn. What one does not take stays; a stream comes
        back to it at once, until the last of them has it."""
        turn = itertools.cycle(releases)
        if self.table is None:
            waiting = wiring.engine().due(OUTBOX, 2**40, 1000)
            # Captures first: a refund takes points back as far as they are there.
            for item in sorted(waiting, key=lambda item: str(item.fields["name"])):
                self.hear(next(turn), {"events": [item.fields]})
            return
        client, table = self.table
        records = engines.streamed(client, client.meta.endpoint_url, table)[self._streamed :]
        for record in records:
            if self.hear(next(turn), {"Records": [record]})["batchItemFailures"]:
                self.hear(releases[-1], {"Records": [record]})
        self._streamed += len(records)

    def stop(self) -> None:
        for release in self.releases.values():
            release.stop()
        self.releases = {}
