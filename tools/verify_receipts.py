"""Check exported receipts of exchanged points, offline: `python -m tools.verify_receipts FILE [CELLS_FILE]`.

FILE is what `GET /v1/points/links/{id}/receipts` answered, or a JSON list of such answers (pages). CELLS_FILE is a
compiled cells file with the public keys of the time; by default that of this tree. Names the first receipt that does
not hold, and ends with 1.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> int:
    sys.path.insert(0, str(ROOT / "layers" / "core"))
    from twinshore.cells import load_cells
    from twinshore.exchange.receipts import first_broken, receipt_from_json

    if len(arguments) not in (1, 2):
        print(__doc__)
        return 2
    try:
        said: Any = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
        pages = said if isinstance(said, list) else [said]
        receipts = [receipt_from_json(each) for page in pages for each in page["items"]]
    except (OSError, ValueError, TypeError, KeyError) as err:
        print(f"{arguments[0]} is no export of receipts: {err}")
        return 2
    broken = first_broken(receipts, load_cells(*arguments[1:]))
    if broken:
        print(f"broken: receipt {broken.sequence} of the cell {broken.to_cell}: {broken.why}")
        return 1
    print(f"{len(receipts)} receipts hold")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
