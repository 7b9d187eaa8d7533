"""What partners tell, however it comes: pushed to us, or pulled by the timer from where we stopped.

    partner#<name>  sync                  after: where the next page of news begins
    partner#<name>  difference#<serial>   ours, theirs, action; see `differences`

Each piece of news has its effect once, by what it is about, so that the same may come twice, late, by both ways and in
any order: a use of a code that we do not have yet is a difference, which settles itself when the code has come.
"""

from __future__ import annotations

from typing import Callable, Iterable, NamedTuple

from twinshore import log
from twinshore.errors import NotFound, Unavailable
from twinshore.points.tries import tries
from twinshore.rewards.catalogue import Shop
from twinshore.rewards.differences import is_told_used, note, settle, told_used, told_void
from twinshore.rewards.pool import ENDED, FREE, GIVEN, code_key, strike_out, take_in
from twinshore.rewards.port import ALREADY_USED, OPEN, VOIDED, Notice, Partner, PartnerSilent, Seals
from twinshore.rewards.problems import CodesRefused, RewardNotFound, VoucherEnded
from twinshore.rewards.using import use
from twinshore.rewards.vouchers import RETURNED, Desk
from twinshore.store.port import CommitConflict, Create, Item, Key, Replace, Store, StoreUnavailable

ELSEWHERE = "used_elsewhere"
COMPARED_SECONDS = 86_400
PAGES = 20
"""Of one run; the next goes on."""


class Counter(NamedTuple):
    """Where news is taken."""

    desk: Desk
    shop: Shop
    seals: Seals


class Heard(NamedTuple):
    new_codes: int = 0
    uses: int = 0
    differences: int = 0

    def __add__(self, other: object) -> Heard:
        if not isinstance(other, Heard):
            return NotImplemented
        return Heard(*(mine + theirs for mine, theirs in zip(self, other)))


def hear(counter: Counter, partner: str, notice: Notice, now: int) -> Heard:
    """One notice or page. Raises RewardNotFound, CodesRefused: what stands before it in the notice is done."""
    heard = Heard()
    for batch in notice.batches:
        offer = counter.shop.offer_of(f"{batch.reward}:{batch.region}")
        if offer.partner.name != partner:
            raise CodesRefused("this partner does not offer that")
        heard += Heard(new_codes=take_in(counter.desk.store, offer, batch.codes, counter.seals, now).new)
        for code in batch.codes:
            if is_told_used(counter.desk.store, partner, code.serial):  # its use came before itself
                heard += _used(counter.desk, partner, code.serial, now, now)
    for each in notice.uses:
        heard += _used(counter.desk, partner, each.serial, each.used_at, now)
    for serial in notice.voided:
        heard += _voided(counter.desk, partner, serial, now)
    return heard


def sync_all(
    counter: Counter, names: Iterable[str], partner_of: Callable[[str], Partner], now: int
) -> dict[str, object]:
    """The job's part: every partner that has a system of its own. One that is silent is not in the others' way."""
    heard, silent = Heard(), 0
    for name in names:
        try:
            partner = partner_of(name)
        except NotFound:
            continue
        try:
            heard += pull(counter, name, partner, now)
            if _is_a_day_since(counter.desk.store, name, now):
                heard += Heard(differences=compare(counter, name, partner, now))
                _compared_at(counter.desk.store, name, now)
        except (PartnerSilent, Unavailable, StoreUnavailable) as err:
            log.line("warning", "a partner is silent", partner=name, error=err)
            silent += 1
    return {**heard._asdict(), "silent": silent}


def _is_a_day_since(store: Store, name: str, now: int) -> bool:
    item = store.get(Key(f"partner#{name}", "compared"))
    return item is None or now - int(item.fields["at"]) >= COMPARED_SECONDS


def _compared_at(store: Store, name: str, now: int) -> None:
    item = store.get(key := Key(f"partner#{name}", "compared"))
    try:
        store.commit(Replace(key, {"at": now}, item.version) if item else Create(key, {"at": now}))
    except CommitConflict:
        return


def pull(counter: Counter, name: str, partner: Partner, now: int) -> Heard:
    """Everything new since the last time, page by page; where we are is kept after each. Raises PartnerSilent."""
    store, key = counter.desk.store, Key(f"partner#{name}", "sync")
    heard = Heard()
    for _ in range(PAGES):
        item = store.get(key)
        after = str(item.fields["after"]) if item else ""
        page = partner.news(after)
        try:
            heard += hear(counter, name, page, now)
        except (RewardNotFound, CodesRefused) as problem:
            log.line("error", "a partner's page cannot be taken", partner=name, why=problem.slug)
            raise PartnerSilent from None
        if not page.next or page.next == after:
            break
        fields = {"after": page.next, "at": now}
        try:
            store.commit(Replace(key, fields, item.version) if item else Create(key, fields))
        except CommitConflict:
            break  # another run is at it
    return heard


def compare(counter: Counter, name: str, partner: Partner, now: int) -> int:
    """Hold the partner's whole list against ours; how many differ. Raises PartnerSilent."""
    found, after = 0, ""
    for _ in range(PAGES * 10):
        statuses, after = partner.statuses(after)
        for serial, theirs in statuses.items():
            found += _compared(counter.desk, name, serial, theirs, now)
        if not after:
            break
    return found


def _compared(desk: Desk, partner: str, serial: str, theirs: str, now: int) -> bool:
    record = desk.store.get(code_key(partner, serial))
    if record is None:
        return note(desk.store, partner, serial, "unknown", theirs, now)
    state = record.fields["state"]
    if theirs == ALREADY_USED and state == GIVEN:
        return _used(desk, partner, serial, now, now).differences > 0
    if theirs == VOIDED and state in (FREE, GIVEN):
        return _voided(desk, partner, serial, now).differences > 0
    ours = _ours(record)
    if (theirs == ALREADY_USED and ours != ALREADY_USED) or (theirs == OPEN and ours in (ALREADY_USED, RETURNED)):
        return note(desk.store, partner, serial, ours, theirs, now)
    settle(desk.store, partner, serial, now)
    return False


def _ours(record: Item) -> str:
    """What a code was with us when the partner's word of it came."""
    why = str(record.fields.get("why", record.fields["state"]))
    return FREE if why == ELSEWHERE else why


def _used(desk: Desk, partner: str, serial: str, used_at: int, now: int) -> Heard:
    record = desk.store.get(code_key(partner, serial))
    if record is None:
        return Heard(differences=told_used(desk.store, partner, serial, "unknown", now))
    if record.fields["state"] == FREE and strike_out(desk.store, record, ELSEWHERE):
        return Heard(differences=told_used(desk.store, partner, serial, FREE, now))
    if record.fields["state"] == FREE:  # given to a member meanwhile
        record = desk.store.get(record.key) or record
    if "voucher_id" not in record.fields:
        return Heard(differences=told_used(desk.store, partner, serial, _ours(record), now))
    try:
        use(desk, str(record.fields["member_id"]), str(record.fields["voucher_id"]), used_at, now)
    except VoucherEnded as ended:
        state = str(ended.extensions["state"])
        return Heard(differences=told_used(desk.store, partner, serial, state, now))
    settle(desk.store, partner, serial, now)
    return Heard(uses=1)


def _voided(desk: Desk, partner: str, serial: str, now: int) -> Heard:
    for _ in tries():
        record = desk.store.get(code_key(partner, serial))
        if record is None or record.fields["state"] == ENDED:
            return Heard()
        if record.fields["state"] == GIVEN:
            return Heard(differences=told_void(desk.store, partner, serial, GIVEN, now))
        if strike_out(desk.store, record, VOIDED):
            return Heard()
    return Heard()
