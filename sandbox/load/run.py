"""The run: a ramp to find the knee, the load with its faults, quiet, and the audit."""

from __future__ import annotations

import subprocess
import time
from typing import Any, Callable, NamedTuple, Sequence

from sandbox.load import books, figures, standing
from sandbox.load.audit import LOST, WRONG, Finding, audit, twice_by_rule
from sandbox.load.caller import DeedFailed, GaveUp, Sample
from sandbox.load.faults import Fault, Faults, Window
from sandbox.load.scene import DRAIN_SECONDS, Scene
from sandbox.load.standing import Standing

RAMP_RATES = (2.0, 3.0, 4.0, 5.5, 7.5, 10.0, 13.0, 17.0, 22.0, 29.0, 38.0, 50.0, 65.0)
RAMP_SECONDS, WARM_SECONDS = 12.0, 8.0
SHARE_OF_KNEE = 0.7
QUIET_SECONDS = 300.0
LOOK_AGAIN_SECONDS = 5.0
QUEUES = ("outbox", "points-exchange")
SET_ASIDE = "outbox-set-aside"

WARM, RAMP, LOAD = "w", "r", "m"
"""How the names of the crowds begin, and so those of their journeys and keys."""

Say = Callable[[str], None]


class Order(NamedTuple):
    """What run is wanted."""

    seconds: float
    rate: float = 0.0
    """Journeys per second; 0: SHARE_OF_KNEE of the knee, which a ramp finds first."""
    faults: tuple[Fault, ...] = ()
    seed: int = 1


class Result(NamedTuple):
    order: Order
    rate: float
    ramp: tuple[figures.Step, ...]
    samples: tuple[Sample, ...]
    """Of the load proper."""
    journeys: tuple[dict[str, Any], ...]
    windows: tuple[Window, ...]
    left_out: tuple[str, ...]
    findings: tuple[Finding, ...]
    counts: dict[str, int]
    """What the audit went through."""
    promises: tuple[dict[str, Any], ...]
    standing: Standing
    """What the audit compared."""

    @property
    def own_journeys(self) -> list[dict[str, Any]]:
        """Of the load proper, without the ramp's."""
        return [one for one in self.journeys if one["name"].startswith(LOAD)]

    @property
    def own_promises(self) -> list[dict[str, Any]]:
        return [line for line in self.promises if line["key"].startswith(LOAD) or line["effect"] == "earned"]

    @property
    def failures(self) -> list[str]:
        """Why the run did not hold; readable."""
        bad = [one for one in self.journeys if one["outcome"] != "done"]
        told = [f"{one['kind']} {one['name']} ({one['who']}) {one['outcome']} after {one['seconds']} s: {one['story']}"
                for one in bad]  # fmt: skip
        return told + [f"{one.kind}, {self._when(one.at)}: {one.story}" for one in self.findings]

    def _when(self, at: float) -> str:
        before = [window for window in self.windows if window.began <= at]
        if not at or not before:
            return "at no fault"
        last = before[-1]
        return f"during: {last.story}" if at <= last.healed else f"{at - last.healed:.0f} s after: {last.story}"


def run(order: Order, say: Say) -> Result:
    say("starting PostgreSQL, four cells and their twins")
    with Scene() as scene:
        scene.prepare()
        result = _Load(scene, order, say).go()
        if result.failures:
            say(f"what did not hold has left its traces in {scene.keep_traces()}")
        return result


class _Load:
    def __init__(self, scene: Scene, order: Order, say: Say) -> None:
        self._scene, self._order, self._say = scene, order, say
        self._promises: list[Any] = []
        self._journeys: list[Any] = []
        self._findings: list[Finding] = []

    def go(self) -> Result:
        order = self._order
        self._crowd(WARM, 2.0, WARM_SECONDS if not order.rate else 2.0)
        ramp = [] if order.rate else self._ramp()
        rate = order.rate or max(0.5, round(SHARE_OF_KNEE * figures.knee(ramp), 2))
        self._say(f"the load: {rate} journeys begin per second, for {order.seconds:.0f} s, {len(order.faults)} faults")
        faults = Faults(self._scene, order.faults, order.seconds, self._say)
        samples = self._crowd(LOAD, rate, order.seconds, faults)
        if faults.broken:
            self._findings.append(Finding(WRONG, "run", 0.0, faults.broken))
        counts, whole = self._audited()
        return Result(
            order, rate, tuple(ramp), tuple(samples), tuple(self._journeys), tuple(faults.windows),
            tuple(faults.left_out), tuple(self._findings), counts, tuple(self._promises), whole,
        )  # fmt: skip

    def _ramp(self) -> list[figures.Step]:
        steps: list[figures.Step] = []
        for number, rate in enumerate(RAMP_RATES):
            name = f"{RAMP}{number}x"
            samples = self._crowd(name, rate, RAMP_SECONDS)
            own = [one for one in self._journeys if one["name"].startswith(name)]
            step = figures.step_of(rate, samples, any(one["late"] for one in own))
            steps.append(step)
            self._say(
                f"  {rate:5.1f} journeys/s  {step.requests_per_second:6.1f} requests/s"
                f"  p50 {step.p50_ms:7.1f} ms  p99 {step.p99_ms:7.1f} ms{'' if step.kept_up else '  not kept up'}"
            )
            if len(steps) >= 2 and figures.knee(steps) < steps[-2].rate:
                break
        self._say(f"  the knee: {figures.knee(steps)} journeys/s")
        return steps

    def _crowd(self, name: str, rate: float, seconds: float, faults: Faults | None = None) -> list[Sample]:
        crowd = self._scene.crowd(name, rate, seconds, self._order.seed)
        if faults is not None:
            faults.play()
        if crowd.stdin is not None:
            crowd.stdin.close()
        try:
            crowd.wait(seconds + DRAIN_SECONDS)
        except subprocess.TimeoutExpired:
            crowd.kill()
            crowd.wait()
            self._findings.append(Finding(WRONG, "run", 0.0, f"the crowd {name} did not end by itself"))
        self._promises += self._scene.lines(name, "promises")
        self._journeys += self._scene.lines(name, "journeys")
        return [Sample(*row) for row in self._scene.lines(name, "samples")]

    def _audited(self) -> tuple[dict[str, int], Standing]:
        """Everything is healed; timers run until nothing waits; then all accounts are looked at. What does not hold at
        the first look may still be on its way: it is looked at again, as long as QUIET_SECONDS last."""
        scene, ends = self._scene, time.monotonic() + QUIET_SECONDS
        scene.heal()
        self._say("all is healed; waiting until nothing is on its way")
        while self._on_its_way() and time.monotonic() < ends:
            time.sleep(1)
        accounts, looks = standing.accounts_of(self._promises), 1
        self._say(f"the audit of {len(accounts)} memberships")
        found, whole = self._look(accounts, refresh=False)
        while found and time.monotonic() < ends:
            self._say(f"  {len(found)} things do not hold yet; {found[0].story}")
            time.sleep(LOOK_AGAIN_SECONDS)
            found, whole = self._look(accounts, refresh=True)
            looks += 1
        self._findings += found + self._set_aside()
        notices = books.notices_of(scene.box.twins)
        counts = {
            "memberships": len(accounts),
            "promises (2xx that clients saw)": sum(line["word"] == "told" for line in self._promises),
            "entries of points": sum(len(one.entries) for one in whole.members.values()),
            "charges in the parties' books": len(whole.charges),
            "notices acknowledged": notices["notices"],
            "deliveries of them": notices["acknowledged"],
            "letters that came twice, as decision 0071 allows": twice_by_rule(self._promises, whole),
            "cells started again": sum(host.restarts for host in scene.box.cells.values()),
            "looks until all held": looks,
        }
        return counts, whole

    def _look(self, accounts: list[standing.Account], *, refresh: bool) -> tuple[list[Finding], Standing]:
        scene = self._scene
        try:
            members = standing.look_at(accounts, scene.world().cells, refresh=refresh)
        except (DeedFailed, GaveUp) as err:
            nothing = Standing({}, (), ())
            return [Finding(LOST, "look", 0.0, f"an account cannot be looked at: {err}")], nothing
        charges, messages = books.charges_of(scene.box.twins), books.messages_of(scene.box.twins)
        whole = Standing(members, tuple(charges), tuple(messages))
        return audit(self._promises, whole), whole

    def _on_its_way(self) -> bool:
        waiting = [self._scene.waiting(cell).get(queue, 0) for cell in self._scene.box.cells for queue in QUEUES]
        undelivered = [twin for twin in self._scene.box.twins.values() if getattr(twin, "undelivered", list)()]
        return any(waiting) or bool(undelivered)

    def _set_aside(self) -> list[Finding]:
        return [
            Finding(LOST, "event", 0.0, f"{count} events are set aside in {cell}")
            for cell in self._scene.box.cells
            if (count := self._scene.waiting(cell).get(SET_ASIDE, 0))
        ]


def stories(failures: Sequence[str], limit: int = 20) -> list[str]:
    """The first of them, and how many more there are."""
    more = [f"... and {len(failures) - limit} more"] if len(failures) > limit else []
    return [*failures[:limit], *more]
