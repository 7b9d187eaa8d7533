"""The shared vectors are not part of this repository."""

from __future__ import annotations

from typing import Iterator

import pytest

from sandbox.twins.mercado_pago import MercadoPagoTwin
from tests.support.vectors import SHARED

collect_ignore = [] if (SHARED / "mercadopago.json").exists() else ["test_shared_vectors.py"]


@pytest.fixture
def twin() -> Iterator[MercadoPagoTwin]:
    with MercadoPagoTwin() as running:
        yield running
