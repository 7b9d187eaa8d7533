"""How often a commit is tried that others keep overtaking."""

from __future__ import annotations

import os
import time
from typing import Iterator

from twinshore.errors import Unavailable

TRIES = 40
PATIENT_FROM = 2
LONGEST_PAUSE_SECONDS = 0.05


def tries() -> Iterator[int]:
    """One number for each try, with a short random pause before the later ones: whoever overtook us has been served, so
    that all are, in the end. Raises Unavailable when there is no end to it."""
    for number in range(TRIES):
        if number >= PATIENT_FROM:
            time.sleep(LONGEST_PAUSE_SECONDS * min(1.0, number / 10) * int.from_bytes(os.urandom(1), "big") / 256)
        yield number
    raise Unavailable("this account is too busy")
