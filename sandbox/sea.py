"""The lines between cells, and how each is: whole, cut, or losing answers. Kept in one file of the box, so that a line
that was cut stays cut, whoever dies meanwhile, until somebody heals it.

    whole     what one cell says to another arrives, and so does the answer
    cut       nothing arrives: the connection ends before the other cell has heard anything
    deaf      the question arrives and is answered, and the line is cut before the answer is back
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from sandbox.secrets_file import write_whole

WHOLE, CUT, DEAF = "whole", "cut", "deaf"
STATES = (WHOLE, CUT, DEAF)
FILE = "sea.json"
MESSAGES = "/cells/v1/"
_SENDER = re.compile(r';keyid="([a-z0-9-]+):')


class Sea:
    """`folder`: the box's."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE

    def lines(self) -> dict[str, str]:
        """Pair -> state, of those that are not whole."""
        try:
            kept: dict[str, str] = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return kept

    def state(self, one: str, other: str) -> str:
        return self.lines().get(pair(one, other), WHOLE)

    def set(self, one: str, other: str, state: str) -> None:
        """Raises ValueError for a state that there is not."""
        if state not in STATES:
            raise ValueError(f"a line is one of {STATES}")
        kept = {**self.lines(), pair(one, other): state}
        write_whole(self._file, json.dumps({name: each for name, each in kept.items() if each != WHOLE}))

    def heal(self) -> None:
        write_whole(self._file, "{}")


def pair(one: str, other: str) -> str:
    """The same from both ends."""
    return "-".join(sorted((one, other)))


def sender_of(path: str, headers: dict[str, str]) -> str:
    """Which cell says that it has sent this; "" for what is no message of a cell. `headers`: names in lower case."""
    said = _SENDER.search(headers.get("signature-input", "")) if path.startswith(MESSAGES) else None
    return said[1] if said else ""
