"""The daily job: every provider's yesterday, the days before it that are not done yet, and bills corrected since."""

from typing import Callable, Iterable

from twinshore import log
from twinshore.errors import Problem, Unavailable
from twinshore.reconciliation.days import day_of, days_later
from twinshore.reconciliation.port import BillNotDue
from twinshore.reconciliation.reconcile import DayUnfinished, Party, read_summary, reconcile
from twinshore.store.port import Store

CATCH_UP_DAYS = 3
"""A day whose bill could not be had is tried again on as many days; WeChat Pay keeps bills for three months."""


class BillsMissing(Unavailable):
    """At least one bill could not be compared: the timer's platform runs the job again, then calls a person."""


def reconcile_all(
    store: Store,
    parties: Iterable[Callable[[], Party | None]],
    now: int,
    time_is_up: Callable[[], bool] = lambda: False,
) -> dict[str, str]:
    """What came of each day, by provider and day. A day that is done is compared again if its bill has been corrected.

    Providers whose bills come by hand are left out; a bill whose time has not come is left to the next run. One's
    trouble does not hold up the others: BillsMissing is raised after all of them."""
    said: dict[str, str] = {}
    failed = False
    for make in parties:
        try:
            party = make()
        except Problem as err:
            log.line("error", "no bills to reconcile with", problem=err.slug)
            failed = True
            continue
        if party is None:
            continue
        today = day_of(now, party.zone)
        for days in range(CATCH_UP_DAYS, 0, -1):
            day = days_later(today, -days)
            summary = read_summary(store, party.name, day)
            if summary is not None and not _is_corrected(party, day, str(summary.get("mark", "")), now):
                continue
            said[f"{party.name} {day}"] = outcome = _try(store, party, day, now, time_is_up)
            failed = failed or not outcome.startswith(("matched", BillNotDue.slug))
    if failed:
        raise BillsMissing(f"Not every bill was compared: {len(said)} tried.")
    return said


def _is_corrected(party: Party, day: str, mark: str, now: int) -> bool:
    try:
        return party.bills.mark(day, now) != mark
    except Problem as err:  # it is compared already; tomorrow it is asked again
        log.line("warning", "not known whether a bill was corrected", provider=party.name, day=day, problem=err.slug)
        return False


def _try(store: Store, party: Party, day: str, now: int, time_is_up: Callable[[], bool]) -> str:
    if time_is_up():
        return DayUnfinished.slug
    try:
        done = reconcile(store, party, day, now, time_is_up)
    except BillNotDue as err:  # a timer at another hour than the product's: a new deployment, or the box
        return err.slug
    except DayUnfinished as err:
        log.line("warning", "bill not compared to its end", provider=party.name, day=day)
        return err.slug
    except Problem as err:
        log.line("error", "bill not compared", provider=party.name, day=day, problem=err.slug)
        return err.slug
    log.line("warning" if done.open else "info", "bill compared", provider=party.name, day=day, **done._asdict())
    return f"matched {done.matched}, new {done.new}, open {done.open}"
