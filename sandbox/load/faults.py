"""What goes wrong during the run, one thing after the other, with a quiet time between, and the window of each.

Real deaths and real silence: SIGKILL to cells and to every process of PostgreSQL, processes that stand still, a file
that somebody else holds, parties that answer nonsense or nothing, lines that are cut. All of it is healed at its end.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from typing import Any, Callable, NamedTuple, Sequence

from sandbox.load.crowd import OVERTIME_SECONDS
from sandbox.load.scene import ON_POSTGRESQL, Scene
from sandbox.sea import CUT, DEAF, WHOLE
from sandbox.twins.payment import PaymentTwin
from sandbox.twins.server import Twin

CROSSING = (ON_POSTGRESQL, "eu")
HELD_SECONDS, FREE_SECONDS = 0.4, 0.1
READY_SECONDS = 60.0
PAUSE_SECONDS = 3.0
"""Quiet after each fault, at least."""

Go = Callable[[Scene], None]


class Fault(NamedTuple):
    story: str
    go: Go
    """Begins it, waits, and heals it."""


class Window(NamedTuple):
    story: str
    began: float
    """Seconds since the epoch."""
    healed: float


def kill(*cells: str) -> Go:
    """The watch of each starts it again on its data."""

    def go(scene: Scene) -> None:
        for cell in cells:
            scene.box.cells[cell].kill()
        time.sleep(0.2)

    return go


def kill_database(down_seconds: float, *cells: str) -> Go:
    def go(scene: Scene) -> None:
        scene.database.crash()
        kill(*cells)(scene)
        time.sleep(down_seconds)
        scene.database.start_again()

    return go


def hold_up_database(seconds: float) -> Go:
    return _again_and_again(seconds, lambda scene: scene.database.hold_up(HELD_SECONDS))


def hold_file(cell: str, seconds: float) -> Go:
    """Somebody else writes to the cell's file, and takes their time."""

    def once(scene: Scene) -> None:
        file = scene.folder / cell / "store.db"
        with closing(sqlite3.connect(file, timeout=10, isolation_level=None)) as other:
            other.execute("begin immediate")
            time.sleep(HELD_SECONDS)
            other.execute("rollback")

    return _again_and_again(seconds, once)


def _again_and_again(seconds: float, once: Go) -> Go:
    def go(scene: Scene) -> None:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            once(scene)
            time.sleep(FREE_SECONDS)

    return go


def twins(seconds: float, switches: dict[str, Any], *providers: str) -> Go:
    """providers: whose every account; none named: all payment providers."""

    def go(scene: Scene) -> None:
        ill = [twin for twin in scene.box.twins.values()
               if (type(twin).name in providers if providers else isinstance(twin, PaymentTwin))]  # fmt: skip
        _switch(ill, switches)
        time.sleep(seconds)
        _switch(ill, {})

    return go


def _switch(ill: Sequence[Twin], switches: dict[str, Any]) -> None:
    for twin in ill:
        with twin.lock:
            twin.faults = dict(switches)


def in_the_middle(delay_seconds: float, blow: Go) -> Go:
    """The blow falls while calls to providers are under way, for these take their time."""

    def go(scene: Scene) -> None:
        ill = [twin for twin in scene.box.twins.values() if isinstance(twin, PaymentTwin)]
        _switch(ill, {"delay_seconds": delay_seconds})
        time.sleep(delay_seconds * 2)
        blow(scene)
        _switch(ill, {})

    return go


def line(seconds: float, state: str) -> Go:
    def go(scene: Scene) -> None:
        scene.sea.set(*CROSSING, state)
        time.sleep(seconds)
        scene.sea.set(*CROSSING, WHOLE)

    return go


FULL = (
    Fault("cell eu is killed", kill("eu")),
    Fault("Stripe answers 503 for 8 s", twins(8, {"status": 503}, "stripe")),
    Fault("PostgreSQL is killed, and down for 3 s", kill_database(3)),
    Fault("the line cn – eu is cut for 12 s", line(12, CUT)),
    Fault("cell cn is killed", kill("cn")),
    Fault("Weixin Pay and PayPal hang up without an answer for 8 s", twins(8, {"reset": True}, "wechat_pay", "paypal")),
    Fault("PostgreSQL stands still, 0.4 s of every 0.5 s, for 6 s", hold_up_database(6)),
    Fault("all webhooks come 5 s late and four times, for 10 s",
          twins(10, {"notice_delay_seconds": 5, "duplicate": 4})),
    Fault("somebody holds the SQLite file of eu, 0.4 s of every 0.5 s, for 6 s", hold_file("eu", 6)),
    Fault("every provider does what it is asked and loses the answer, for 6 s", twins(6, {"lose_answer": True})),
    Fault("cells sea and us are killed", kill("sea", "us")),
    Fault("cells cn and eu are killed while every provider takes 1.5 s to answer",
          in_the_middle(1.5, kill("cn", "eu"))),
    Fault("the line cn – eu loses the answers for 10 s", line(10, DEAF)),
    Fault("no webhook is sent for 8 s", twins(8, {"drop_notices": True})),
    Fault("every provider takes 6 s to answer, for 6 s", twins(6, {"delay_seconds": 6})),
    Fault("WeChat's login and messages answer 502 for 5 s", twins(5, {"status": 502}, "wechat")),
    Fault("all webhooks are signed wrongly for 6 s", twins(6, {"wrong_signature": True})),
    Fault("PostgreSQL is killed while every provider takes 1.5 s to answer", in_the_middle(1.5, kill_database(2))),
    Fault("PostgreSQL and cell cn are killed at the same moment", kill_database(1, "cn")),
    Fault("all four cells are killed at once", kill("cn", "eu", "sea", "us")),
)  # fmt: skip
SHORT = (
    Fault("PostgreSQL and cell cn are killed at the same moment", kill_database(1, "cn")),
    Fault("every provider does what it is asked and loses the answer, for 3 s", twins(3, {"lose_answer": True})),
)


class Faults:
    """A list that is played evenly over `seconds`, and a little longer where the machine is slow."""

    def __init__(self, scene: Scene, faults: tuple[Fault, ...], seconds: float, say: Callable[[str], None]) -> None:
        self.windows: list[Window] = []
        self.left_out: list[str] = []
        self.broken = ""
        """What of the machinery failed, where that is why the run is no run."""
        self._scene, self._faults, self._seconds, self._say = scene, faults, seconds, say

    def play(self) -> None:
        began, step = time.monotonic(), self._seconds / (len(self._faults) + 1)
        for number, fault in enumerate(self._faults, 1):
            time.sleep(max(0.0, began + step * number - time.monotonic()))
            if time.monotonic() - began > self._seconds + OVERTIME_SECONDS / 2:
                self.left_out.append(fault.story)
                continue
            at = time.time()
            self._say(f"{time.monotonic() - began:6.1f} s  {fault.story}")
            try:
                fault.go(self._scene)
            except Exception as err:  # the run is over then, and says why
                self.broken = f"{fault.story}: it could not be played: {type(err).__name__}: {err}"
                return
            if not self._scene.wait_until_whole(READY_SECONDS):
                self.broken = f"{fault.story}: a cell was not back after {READY_SECONDS:.0f} s"
                return
            self.windows.append(Window(fault.story, round(at, 3), round(time.time(), 3)))
            time.sleep(min(PAUSE_SECONDS, step / 4))
