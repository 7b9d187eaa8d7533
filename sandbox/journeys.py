"""Every member's journey: which steps are done, kept in `journey.json` after each, so that a cut one goes on."""

from __future__ import annotations

import json
import secrets
import threading
import time
from pathlib import Path
from typing import Any, Callable, Mapping, NamedTuple

from sandbox.secrets_file import write_whole
from sandbox.story_start import method_name, money
from sandbox.walk import StepFailed, Told, Traveller, Walk

KEPT_SECONDS = 20 * 3600
"""A cut journey older than this starts anew: its price lock ends after 24 hours."""


class Step(NamedTuple):
    slug: str
    title: dict[str, str]
    """By language: "en", "zh"."""
    run: Callable[[Walk], Told]


class Journeys:
    """Thread-safe; one step of a member at a time."""

    def __init__(
        self, file: Path, travellers: tuple[Traveller, ...], steps: tuple[Step, ...],
        cells: Mapping[str, str], twins: Mapping[str, str], renew_session: Callable[[Walk], object] | None = None,
    ) -> None:  # fmt: skip
        self.travellers = {traveller.slug: traveller for traveller in travellers}
        self.steps = steps
        self.on_wait: Callable[[float], None] | None = None
        self._file = file
        self._cells = cells
        self._twins = twins
        self._renew_session = renew_session
        self._locks = {slug: threading.Lock() for slug in self.travellers}
        self._saving = threading.Lock()
        self._states: dict[str, dict[str, Any]] = {}
        self._recall()

    def restart(self, slug: str) -> None:
        """Forget the journey of this member and begin another, with idempotency keys of its own."""
        with self._locks[slug]:
            self._states[slug] = _new_state()
            self._save()

    def begin(self) -> bool:
        """Before a run of all: journeys that were cut go on (True), and those finished meanwhile stay; if none was cut,
        or one is too old, all begin anew."""
        states = self._states.values()
        cut = any(0 < len(state["done"]) < len(self.steps) for state in states) or (
            len({len(state["done"]) for state in states}) > 1
        )
        stale = any(state["began_at"] < time.time() - KEPT_SECONDS for state in states)
        if cut and not stale:
            return True
        for slug in self.travellers:
            self.restart(slug)
        return False

    def done(self, slug: str) -> list[dict[str, Any]]:
        """Records of the steps that are done, oldest first."""
        return list(self._states[slug]["done"])

    def memory(self, slug: str) -> dict[str, Any]:
        """What the steps so far remember: it holds tokens, and is for the box alone."""
        memory: dict[str, Any] = self._states[slug]["memory"]
        return memory

    def next_step(self, slug: str) -> Step | None:
        done = len(self._states[slug]["done"])
        return self.steps[done] if done < len(self.steps) else None

    def advance(self, slug: str) -> dict[str, Any] | None:
        """Do the next step and keep its record; None if all is done. A failed step is told and not kept as done."""
        with self._locks[slug]:
            step, state = self.next_step(slug), self._states[slug]
            if step is None:
                return None
            # What a failed step remembered is dropped with it: it runs again from the same start.
            memory = json.loads(json.dumps(state["memory"]))
            walk = Walk(self.travellers[slug], state["id"], self._cells, self._twins, memory)
            walk.renew_session = self._renew_session
            walk.was_cut, walk.on_wait = state["cut"], self.on_wait
            began = time.monotonic()
            record: dict[str, Any] = {"step": step.slug, "at": round(time.time(), 3), "ok": True}
            try:
                record["told"] = step.run(walk)._asdict()
            except StepFailed as err:
                record |= {"ok": False, "told": {"en": str(err), "zh": str(err)}}
            except (KeyError, TypeError, IndexError, ValueError) as err:
                fact = f"the answer has the shape that the contract says ({type(err).__name__}: {err})"
                record |= {"ok": False, "told": {"en": fact, "zh": fact}}
            record["ms"] = round((time.monotonic() - began) * 1000, 1)
            record["exchanges"] = [exchange._asdict() for exchange in walk.exchanges]
            state["failed"] = None if record["ok"] else record
            if record["ok"]:
                state["done"].append(record)
                state["memory"] = walk.memory
            self._save()
            return record

    def shown(self) -> dict[str, Any]:
        """For the page: no memory, for it holds tokens."""
        return {
            "steps": [{"slug": step.slug, "title": step.title} for step in self.steps],
            "members": {
                slug: {
                    "name": traveller.name, "place": traveller.place, "cell": traveller.cell,
                    "currency": traveller.currency, "method": method_name(traveller.method),
                    "local": traveller.is_local, "amount": _charged(state["memory"]),
                    "id": state["id"], "done": state["done"], "failed": state["failed"],
                }
                for slug, traveller in self.travellers.items()
                for state in [self._states[slug]]
            },
        }  # fmt: skip

    def _recall(self) -> None:
        try:
            kept = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            kept = {}
        known = [step.slug for step in self.steps]
        for slug in self.travellers:
            state = kept.get(slug)
            # A journey of an older box, whose steps were others, cannot go on here.
            fits = state is not None and [row["step"] for row in state["done"]] == known[: len(state["done"])]
            self._states[slug] = {**state, "cut": len(state["done"]) < len(known)} if fits else _new_state()

    def _save(self) -> None:
        with self._saving:
            write_whole(self._file, json.dumps(self._states, ensure_ascii=False))


def _charged(memory: dict[str, Any]) -> str:
    """What the order charges, as text; "" before the rate is locked."""
    return money(memory["amount"]) if "amount" in memory else ""


def _new_state() -> dict[str, Any]:
    return {
        "id": secrets.token_hex(5),
        "began_at": int(time.time()),
        "done": [],
        "failed": None,
        "cut": False,
        "memory": {},
    }
