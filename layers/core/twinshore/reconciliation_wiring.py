"""Which bills a provider of this cell is compared with: the part of the wiring that reconciliation needs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Callable

from twinshore import deadline, deployment

if TYPE_CHECKING:
    from twinshore.events import Event
    from twinshore.outbox import Consumers
    from twinshore.payments.port import PaymentProvider
    from twinshore.reconciliation.port import Bills
    from twinshore.reconciliation.reconcile import Party
    from twinshore.store.port import Store

    Provider = Callable[[str], PaymentProvider]


PART_SECONDS = 15.0
"""What a part of a large day may take, besides asking about one difference: with less left the run ends here, and goes
on where it was when the platform repeats the job."""


def bill_zone(name: str) -> str:
    """The time zone in which a provider's bills count days."""
    from twinshore.providers.choice import capabilities_of

    return capabilities_of(name).bill_zone


def reconcile_cell(store: Store, provider: Provider, now: int) -> dict[str, str]:
    """The daily job: every provider of the cell that has bills of its own. Raises BillsMissing."""
    from twinshore.reconciliation.daily import reconcile_all

    names = deployment.cells().providers_in(deployment.cell_name())
    parties = [partial(_party_of, name, provider, store) for name in names]
    return reconcile_all(store, parties, now, lambda: deadline.within(1.0, PART_SECONDS) <= 0)


def party_with_file(name: str, provider: Provider, csv: str) -> Party:
    """A provider with the bill that somebody handed in. Raises what `provider` raises for a name that is not here."""
    from twinshore.reconciliation.csv_bill import CsvBills
    from twinshore.reconciliation.reconcile import Party

    asked = provider(name)
    bills: Bills = CsvBills(csv, bill_zone(name))
    return Party(name, asked, bills, bill_zone(name))


def and_daybook(consumers: Consumers, store: Callable[[], Store]) -> Consumers:
    """What has moved is entered, behind what others do about it."""
    from twinshore.reconciliation.daybook import enter_capture, enter_dispute, enter_refund

    def entered(write: Callable[[Event, Store, str], None]) -> Callable[[Event], None]:
        return lambda event: write(event, store(), bill_zone(event.data["provider"]))

    own = {
        "payment.captured": entered(enter_capture), "payment.refunded": entered(enter_refund),
        "dispute.lost": entered(enter_dispute), "dispute.won": entered(enter_dispute),
    }  # fmt: skip
    return {**consumers, **{name: (*consumers.get(name, ()), consumer) for name, consumer in own.items()}}


def _party_of(name: str, provider: Provider, store: Store) -> Party | None:
    """A provider with its own bills; None if they only come as files, by hand."""
    from twinshore.providers.choice import bills_builder
    from twinshore.providers.setup import Setup
    from twinshore.reconciliation.reconcile import Party
    from twinshore.vault import StoreVault

    build = bills_builder(name)
    if build is None:
        return None
    secret_json = deployment.secret(f"provider_{name}")
    # Whoever reads bills starts no payment: no notice comes of it.
    setup = Setup(secret_json, deployment.outside(name, ""), "", StoreVault(store, name, _vault_keys))
    return Party(name, provider(name), build(setup), bill_zone(name))


def _vault_keys() -> str:
    return deployment.secret("vault_keys")
