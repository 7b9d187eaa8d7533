"""What an operator does to a cell's store around a deployment (docs/upgrades.md). Settings as the functions have them:
TWINSHORE_CELL, TWINSHORE_STORE, TWINSHORE_SECRETS, and credentials that may scan the table.

    python -m tools.upgrade_store schema          PostgreSQL: tables, indexes and functions, beside code that runs
    python -m tools.upgrade_store move NAME       bring all items into the shape that this code writes; NAME of the pass
                                                  is free. Stopped, it goes on where it was when it is called again.

Ends with 0 when nothing is left to do, 3 when items were left: call it again.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "layers" / "core"))

from twinshore import wiring  # noqa: E402 - found by the path above
from twinshore.store.moving import move  # noqa: E402
from twinshore.store.versions import SHAPES  # noqa: E402

LEFT = 3


def prepare() -> int:
    from twinshore.store.postgres import PostgresStore, create_schema

    engine = wiring.engine()
    if isinstance(engine, PostgresStore):
        connection = engine.connect()
        connection.autocommit = True
        create_schema(connection)
        connection.close()
        print("the schema stands")
    else:
        print("this store needs no schema: infrastructure makes the table")
    return 0


def move_all(name: str) -> int:
    engine = wiring.engine()
    while True:  # ends with the store; each run notes how far it came
        now = move(engine, name, SHAPES)
        print(f"looked at {now.looked_at}, moved {now.moved}, left {now.left}", flush=True)
        if now.done:
            return LEFT if now.left else 0


def main(arguments: list[str]) -> int:
    if arguments == ["schema"]:
        return prepare()
    if len(arguments) == 2 and arguments[0] == "move":
        return move_all(arguments[1])
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
