from __future__ import annotations

import pytest

from tests.support.cell_pair import Pair
from tests.support.doors import Place


@pytest.fixture
def pair(at: Place) -> Pair:
    """A cell that hears the demo, once as Lambda (eu) and once as SCF (cn), and the cell `sea` that asks it."""
    return Pair(at)
