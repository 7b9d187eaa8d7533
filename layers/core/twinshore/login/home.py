"""What logging in stands on in one cell."""

from __future__ import annotations

from typing import NamedTuple

from twinshore.cells import Residency
from twinshore.store.port import Store
from twinshore.tokens import Signer


class Home(NamedTuple):
    store: Store
    residency: Residency
    signer: Signer
