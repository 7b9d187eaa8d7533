"""Between real cells: the box's own keys and cells file, real HTTP, every event shape of both clouds."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.support.box_process import BoxProcess
from twinshore.cells import load_cells
from twinshore.intercell.client import Peers, ask
from twinshore.intercell.keys import cell_key_from_secret
from twinshore.intercell.messages import MESSAGES, Message
from twinshore.intercell.port import NotHeard
from twinshore.intercell_wiring import way_out

PING = {"no-such-message": Message({}, {})}
"""Verified, its nonce taken, and only then found not to be in the hearer's table."""


def test_every_cell_of_the_box_verifies_every_other(tmp_path: Path) -> None:
    with BoxProcess(tmp_path) as box:
        box.wait_for_page()
        cells = load_cells(str(tmp_path / "cells.json"))
        for asker in cells.all:
            kept = json.loads((tmp_path / asker / "secrets.json").read_text(encoding="utf-8"))
            key = cell_key_from_secret(asker, kept["cell_key"])
            own = Peers(key, cells, way_out(), messages={**MESSAGES, **PING})
            for asked in cells.all.keys() - {asker}:
                for _ in range(2):  # each cell takes its cloud's two shapes in turn
                    with pytest.raises(NotHeard) as silence:
                        ask(own, asked, "no-such-message", {}, int(time.time()))
                    assert silence.value.why.endswith("says cell-message-unknown")
