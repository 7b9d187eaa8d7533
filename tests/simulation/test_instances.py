"""One process can be many instances in turn (decision 0185)."""

from __future__ import annotations

from typing import Iterator

import pytest

from twinshore import deployment, intercell_wiring, wiring
from twinshore.deployment import Settings, become


@pytest.fixture(autouse=True)
def _own_instance() -> Iterator[None]:
    before = become({})
    yield
    become(before)


def of(cell: str) -> dict[str, object]:
    settings = Settings(cell, f"sqlite:/nowhere/{cell}", "file:/nowhere", {}, "")
    return {"twinshore.deployment.settings": settings, "twinshore.wiring.store": object()}


def test_each_instance_has_its_own_parts_and_keeps_them_while_another_works() -> None:
    parts = of("cn")
    become(parts)
    store, residency = wiring.store(), wiring.residency()
    assert become(of("eu")) is parts
    assert (wiring.cell_name(), wiring.cloud()) == ("eu", "aws")
    assert wiring.store() is not store
    become(parts)
    assert (wiring.cell_name(), wiring.cloud()) == ("cn", "tencent")
    assert wiring.store() is store
    assert wiring.residency() is residency


def test_a_part_is_built_once_for_what_it_is_called_with() -> None:
    assert intercell_wiring.way_out() is intercell_wiring.way_out()
    assert intercell_wiring.way_out(1.0) is not intercell_wiring.way_out(2.0)


def test_a_part_that_cannot_be_built_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TWINSHORE_CELL", raising=False)
    with pytest.raises(deployment.Misconfigured):
        wiring.settings()
    become(of("us"))
    assert wiring.settings().cell == "us"
