"""Days that are large: part by part, from where a run was stopped, in bounded memory."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from sandbox.twins.wechat_pay import WechatPayTwin
from sandbox.twins.wechat_pay_bill import many_rows, reference_of
from tests.support import engines
from tests.support.billed_shop import CLOUD_ENGINES, DAY, BilledShop
from twinshore.money import Money
from twinshore.reconciliation import differences as d
from twinshore.reconciliation import parts as parts_module
from twinshore.reconciliation import reconcile as reconcile_module
from twinshore.reconciliation.daily import BillsMissing, reconcile_all
from twinshore.reconciliation.daybook import SHARDS, partition_of, shard_of
from twinshore.reconciliation.days import starts_at
from twinshore.reconciliation.parts import Parts, part_of_line
from twinshore.reconciliation.port import PAYMENT, REFUND, BillLine, BillTooLarge
from twinshore.reconciliation.reconcile import DayUnfinished, read_summary, reconcile
from twinshore.store.port import Create, Key
from twinshore.store.sqlite import SqliteStore

MANY = 200_000
CPU_SECONDS_LIMIT = 30
"""Half of what the function has for its job, if it has a core; the clock on the wall is other tests' as well."""
MEMORY_LIMIT_BYTES = 64_000_000
"""Beside the interpreter and what it has imported: an eighth of both books, and the pieces of a file."""


class Stopwatch:
    """Says that the time is up after so many questions."""

    def __init__(self, patience: int) -> None:
        self.left = patience

    def __call__(self) -> bool:
        self.left -= 1
        return self.left < 0


def lines(count: int) -> Iterator[BillLine]:
    for number in range(count):
        yield BillLine(reference_of(number), "p", PAYMENT, Money(100, "CNY"), fee=Money(1, "CNY"), line_id=str(number))


def test_a_part_holds_a_payment_and_all_that_goes_back_of_it() -> None:
    back = BillLine(reference_of(7), "p", REFUND, Money(1, "CNY"), f"{reference_of(7)[:26]}-r1", line_id="re_1")
    wanted = [*lines(500), back]
    with Parts() as parts:
        parts.fill(wanted)
        read = [list(parts.lines(number)) for number in range(SHARDS)]
    assert sorted(line for part in read for line in part) == sorted(wanted)
    assert all(part_of_line(line) == number for number, part in enumerate(read) for line in part)
    assert part_of_line(back) == shard_of(reference_of(7))
    assert min(map(len, read)) > 30


def test_a_part_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_module, "LINES_LIMIT", 10)
    with Parts() as parts, pytest.raises(BillTooLarge):
        parts.fill(lines(500))


@pytest.mark.parametrize("open_store", CLOUD_ENGINES, indirect=True)
def test_a_run_that_is_stopped_goes_on_where_it_was_and_counts_nothing_twice(shop: BilledShop) -> None:
    made = [shop.paid(1000 + number) for number in range(12)]
    missed = [shop.pays() for _ in range(3)]
    shop.hears()
    shop.bill(lose=[made[0][1]], twice=[made[1][1]])
    whole = shop.reconcile()
    expected, whole_summary = set(shop.found()), summary_of(shop)
    assert (whole.matched, whole.open) == (11, 2)
    assert len(missed) == 3

    again = []
    for patience in range(40):
        try:
            reconcile(shop.store, shop.party, shop.day, shop.now, Stopwatch(patience % 4))
        except DayUnfinished:
            again.append(patience)
            continue
        break
    assert len(again) > 2
    assert set(shop.found()) == expected
    later = summary_of(shop)
    assert later.pop("matched") == 14  # the three are known now
    assert {**later, "ours": whole_summary["ours"]} == {
        key: one for key, one in whole_summary.items() if key != "matched"
    }
    assert shop.store.get(Key(d.partition_of(shop.name, shop.day), "progress")) is None


def summary_of(shop: BilledShop) -> dict[str, Any]:
    summary: Any = read_summary(shop.store, shop.name, shop.day)
    return dict(summary)


@pytest.mark.parametrize("open_store", ["sqlite"], indirect=True)
def test_a_part_that_changes_between_two_runs_is_compared_anew(shop: BilledShop) -> None:
    made = [shop.paid() for _ in range(6)]
    shop.hears()
    shop.now += 86_400
    shop.faults()
    with pytest.raises(DayUnfinished):
        reconcile(shop.store, shop.party, shop.day, shop.now, Stopwatch(7))
    shop.bill(lose=[made[0][1]])
    assert shop.reconcile().open == 1
    assert summary_of(shop)["matched"] == 5


@pytest.mark.parametrize("open_store", ["sqlite"], indirect=True)
def test_the_job_says_that_a_day_is_not_done_so_that_it_is_run_again(shop: BilledShop) -> None:
    shop.paid()
    shop.hears()
    shop.reconcile()  # sets the clocks to the next morning
    with pytest.raises(BillsMissing):
        reconcile_all(shop.store, [lambda: shop.party], shop.now, Stopwatch(3))
    for _ in range(3):  # a day at each run
        try:
            reconcile_all(shop.store, [lambda: shop.party], shop.now, Stopwatch(12))
        except BillsMissing:
            continue
    assert read_summary(shop.store, shop.name, shop.day) is not None


@pytest.mark.parametrize("open_store", ["sqlite"], indirect=True)
def test_beyond_the_limit_differences_are_counted_and_none_is_settled_by_mistake(
    shop: BilledShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile_module, "FINDINGS_LIMIT", 5)
    strangers = [{"reference": f"stranger-{n}", "kind": "payment", "amount_minor": 100, "at": shop.starts + n,
                  "currency": "EUR" if shop.name == "stripe" else "CNY"} for n in range(40)]  # fmt: skip
    shop.bill(add=strangers)
    done = shop.reconcile()
    assert (done.open, summary_of(shop)["not_kept"]) == (5, 35)
    assert shop.reconcile().open == 5
    shop.bill()
    assert shop.reconcile().open == 0


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A store whose day-book has the bill's payments, but for the first three, and one that the bill has not."""
    path = tmp_path / "store.db"
    store = SqliteStore(path, synchronous="NORMAL")
    starts = starts_at(DAY, "Asia/Shanghai")
    changes = []
    for number in [*range(3, MANY), MANY + 1]:
        reference = reference_of(number)
        key = Key(partition_of("wechat_pay", DAY, shard_of(reference)), f"payment#{reference}")
        fields = {"amount": [100 + number % 900, "CNY"], "reference": reference, "at": starts}
        changes.append(Create(key, fields))
        if len(changes) == 25:
            store.commit(*changes)
            changes.clear()
    if changes:
        store.commit(*changes)
    store.close()
    return path


@pytest.mark.slow
def test_a_bill_of_200_000_lines_is_fetched_hashed_and_compared_in_one_run(
    filled: Path, wechat_pay_keys: dict[str, Any]
) -> None:
    many_rows(DAY, MANY)
    with WechatPayTwin(keys=wechat_pay_keys) as twin:
        twin.faults = {"bill": {"many": MANY}, "clock": starts_at(DAY, "UTC") + 28 * 3600}
        asked = json.dumps({"store": str(filled), "url": twin.url, "secret": json.dumps(twin.secret())})
        ran = subprocess.run(
            [sys.executable, __file__], input=asked, capture_output=True, text=True, timeout=300,
            env=engines.environment(),
        )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout.splitlines()[-1])
    print(said)
    assert said["matched"] == MANY - 3
    assert said["open"] == 4
    assert said["packed_bytes"] > 8_000_000
    assert said["cpu_seconds"] < CPU_SECONDS_LIMIT
    assert said["memory_bytes"] < MEMORY_LIMIT_BYTES


def run_in_a_process_of_its_own() -> None:
    from twinshore.providers.setup import Setup
    from twinshore.providers.wechat_pay import bill_file
    from twinshore.providers.wechat_pay.bills import build
    from twinshore.providers.wechat_pay.entry import build as build_party
    from twinshore.reconciliation.reconcile import Party

    asked = json.load(sys.stdin)
    setup = Setup(asked["secret"], asked["url"], "https://cell.example/v1/webhooks/wechat_pay", None)  # type: ignore[arg-type]
    now = starts_at(DAY, "UTC") + 28 * 3600
    store = SqliteStore(asked["store"], now=lambda: float(now))
    party = Party("wechat_pay", build_party(setup), build(setup), "Asia/Shanghai")
    assert party.bills.mark(DAY, now)
    sizes: list[int] = []
    take: Callable[..., None] = bill_file.PackedFile.take
    bill_file.PackedFile.take = lambda file, piece: (sizes.append(len(piece)), take(file, piece))[1]  # type: ignore[method-assign]
    before, began, worked = peak_bytes(), time.monotonic(), time.process_time()
    done = reconcile(store, party, DAY, now)
    print(json.dumps({
        "matched": done.matched, "open": done.open, "packed_bytes": sum(sizes),
        "seconds": round(time.monotonic() - began, 1), "cpu_seconds": round(time.process_time() - worked, 1),
        "memory_bytes": peak_bytes() - before,
    }))  # fmt: skip


def peak_bytes() -> int:
    """Of this process alone: what `getrusage` says begins with that of whoever started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


if __name__ == "__main__":
    run_in_a_process_of_its_own()
