"""What was given up, and how it is sent again once its cause is mended (docs/operations.md, "dead letters"):

    python -m tools.given_up list
    python -m tools.given_up again [ID ...]       those named, or all

Settings as the functions have them (TWINSHORE_CELL, TWINSHORE_STORE, TWINSHORE_SECRETS). On AWS TWINSHORE_CELL and
TWINSHORE_DEAD_LETTERS, the stack's output DeadLettersUrl; TWINSHORE_STAGE, if it is not `prod`; and credentials that
may read that queue and the table's stream, and invoke the cell's functions. Consumers are idempotent by event id: what
is sent again that had arrived after all does no harm. Ends with 0 when nothing is left, 3 when something is.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any, Iterator, NamedTuple, Protocol

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "layers" / "core"))

from twinshore import wiring  # noqa: E402 - found by the path above
from twinshore.cells import Cell, load_cells  # noqa: E402
from twinshore.outbox import SET_ASIDE  # noqa: E402
from twinshore.store.port import OUTBOX, Due, Item, Replace, Store  # noqa: E402

LEFT = 3
PAGE = 100


class Letter(NamedTuple):
    id: str
    says: str
    """What it is about: names and ids of events, or a job."""
    kept: Any
    """As the place keeps it."""


class Place(Protocol):
    """Where letters lie."""

    def letters(self) -> Iterator[Letter]: ...

    def again(self, letter: Letter) -> str:
        """What came of it; "" if it is done, and the letter is gone."""


class SetAside:
    """The store's own queue, where there is no stream: what is put back the timer's next sweep tells."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def letters(self) -> Iterator[Letter]:
        for item in self._store.due(SET_ASIDE, 2**40, PAGE):
            at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(item.fields["at"])))
            yield Letter(str(item.fields["id"]), f"{item.fields['name']} of {at}", item)

    def again(self, letter: Letter) -> str:
        item: Item = letter.kept
        fields = {**item.fields, "tries": 0}
        self._store.commit(Replace(item.key, fields, item.version, Due(OUTBOX, int(time.time()))))
        return ""


def place(cell: Cell) -> Place:
    if cell.cloud != "aws":
        return SetAside(wiring.store())
    from tools.dead_letters import DeadLetters, of_aws

    stage = os.environ.get("TWINSHORE_STAGE") or "prod"
    return DeadLetters(of_aws(cell.region), os.environ["TWINSHORE_DEAD_LETTERS"], f"twinshore-{stage}-{cell.name}")


def run(where: Place, command: str, wanted: list[str]) -> int:
    left = 0
    for letter in where.letters():
        if command == "list" or (wanted and letter.id not in wanted):
            came_of_it, left = "waits", left + 1
        else:
            came_of_it = where.again(letter) or "sent again"
            left += came_of_it != "sent again"
        print(f"{letter.id}  {letter.says}: {came_of_it}", flush=True)
    print("nothing is left" if not left else f"{left} left", flush=True)
    return LEFT if left else 0


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] not in ("list", "again") or (arguments[0] == "list" and len(arguments) > 1):
        print(__doc__)
        return 2
    cell = load_cells().all.get(os.environ.get("TWINSHORE_CELL", ""))
    if cell is None:
        print("TWINSHORE_CELL names no cell", file=sys.stderr)
        return 2
    if cell.cloud == "aws" and not os.environ.get("TWINSHORE_DEAD_LETTERS"):
        print("TWINSHORE_DEAD_LETTERS is not set: it is the stack's output DeadLettersUrl", file=sys.stderr)
        return 2
    return run(place(cell), arguments[0], arguments[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
