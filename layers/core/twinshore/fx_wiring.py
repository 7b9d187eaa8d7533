"""Where this cell's reference rates come from, in order of trust. A part of `wiring`, in a file of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, Mapping

from twinshore.fx.port import ECB, TREASURY, RateSourceAbsent, RateSourceFailed
from twinshore.secret_port import SecretMissing, SecretsUnavailable

if TYPE_CHECKING:
    from twinshore.fx.port import RateSource, RateTable


def sources(outside: Callable[[str, str], str], secret: Callable[[], str]) -> Mapping[str, RateSource]:
    """outside: party and default -> base URL. secret: that of the further source; its SecretMissing means there is
    none. It is read when that source is asked, so that no trouble with it is the ECB's."""

    def ecb(at: int) -> RateTable:
        from twinshore.providers.ecb.client import BASE_URL, daily_rates

        return daily_rates(at, outside("ecb", BASE_URL))

    def treasury(at: int) -> RateTable:
        from twinshore.providers.treasury_rates.client import treasury_rates

        try:
            found = secret()
        except SecretMissing:
            raise RateSourceAbsent from None
        except SecretsUnavailable as err:
            raise RateSourceFailed("secrets", err.reason) from None
        return treasury_rates(at, found, outside("treasury_rates", ""))

    from twinshore.measured import timed

    return {ECB: timed(ecb, "ecb", "rates"), TREASURY: timed(treasury, "treasury-rates", "rates")}
