"""What the global twin adds to what every payment twin does: it refuses by name."""

from __future__ import annotations

import pytest

from tests.support.at_twins import reason
from tests.support.pair_kinds import only
from tests.support.pairs import Pair
from twinshore.payments.port import ProviderRefused

pytestmark = only("wechat_pay_global")


@pytest.mark.parametrize(
    ("changes", "why"), [({"merchant_category_code": "x"}, "malformed"), ({"mchid": "1900000009"}, "configuration")]
)
def test_what_the_party_would_refuse_is_refused(pair: Pair, changes: dict[str, str], why: str) -> None:
    with pytest.raises(ProviderRefused) as refused:
        pair.ours(**changes).create(pair.attempt(), pair.now)
    assert reason(refused) == why
