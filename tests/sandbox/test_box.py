"""The whole box as a process: `python -m sandbox`, its journey, its death and its return."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from sandbox.accounts import party_of
from sandbox.travellers import CROSSER, TRAVELLERS
from tests.support.box_process import BoxProcess, fetch, free_base

CELL_OF = {traveller.slug: traveller.cell for traveller in TRAVELLERS}
PAID_BY = {
    "lin": "wechat_pay", "anna": "stripe", "camille": "paypal", "weiling": "grabpay", "budi": "dana",
    "noura": "hyperpay", "lucas": "mercado_pago",
}  # fmt: skip
TOLD_ONCE = ("wechat_pay", "dana", "mercado_pago")
"""Of a payment these tell one thing: there is no order of notices to turn round."""
JOURNEY_LIMIT_SECONDS = 10.0


def journey_of(folder: Path) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads((folder / "journey.json").read_text(encoding="utf-8"))
    return kept


def facts_of(box: BoxProcess, slug: str) -> dict[str, Any]:
    """What the cell says of the member's journey, asked over HTTP with the member's own session."""
    memory = journey_of(box.folder)[slug]["memory"]
    url = box.get("/box.json")["cells"][CELL_OF[slug]]
    entries = ask(f"{url}/v1/points/entries?limit=50", memory)["items"]
    return {
        "order": ask(f"{url}/v1/orders/{memory['order_id']}", memory),
        "earned": [entry for entry in entries if entry["reason"] == memory["order_id"]],
        "entries": entries,
        "balance": ask(f"{url}/v1/points", memory)["balance"],
    }


def ask(url: str, memory: dict[str, Any]) -> Any:
    import urllib.request

    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {memory['access_token']}"})
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.load(reply)


def whole_and_once(box: BoxProcess) -> None:
    """Everybody's order is paid, points came once, and the ledger adds up."""
    for slug in CELL_OF:
        facts = facts_of(box, slug)
        assert facts["order"]["status"] == "paid"
        assert len(facts["earned"]) == 1, "points are credited once, however often the notice came"
        assert facts["balance"] == sum(entry["points"] for entry in facts["entries"])
        assert [entry["kind"] for entry in facts["entries"]].count("redeem") == 1


def test_one_command_walks_everybody_to_the_end(tmp_path: Path) -> None:
    with BoxProcess(tmp_path) as box:
        began = time.monotonic()
        output = box.read_until("Ctrl-C")
        assert "All 7 orders are paid and the points were credited once." in output
        assert f"Open {box.url}" in output
        spent_ms = sum(step["ms"] for slug in CELL_OF for step in journey_of(tmp_path)[slug]["done"])
        assert spent_ms / 1000 < JOURNEY_LIMIT_SECONDS, (
            f"the journey took {spent_ms} ms of {time.monotonic() - began} s"
        )
        whole_and_once(box)
        listing = box.get("/box.json")
        assert list(listing["cells"]) == ["cn", "eu", "sea", "us"]
        assert {"wechat", "mail", "ecb", *PAID_BY.values()} <= set(listing["twins"])
        for url in listing["cells"].values():
            assert fetch(f"{url}/v1/health")["status"] == "ok"
        deliveries_came_twice_and_out_of_order(listing["twins"])
        box.interrupt()
        code, rest = box.finish()
        assert (code, rest.count("Traceback")) == (0, 0), rest
        assert "The box has ended." in rest
    assert box.ports_in_use() == []


def deliveries_came_twice_and_out_of_order(twins: dict[str, str]) -> None:
    for slug, provider in PAID_BY.items():
        name = party_of(provider, CELL_OF[slug], twins)
        journal = fetch(twins[name] + "/_twin/journal")["items"]
        right = [entry for entry in journal if entry["what"] == "notice sent" and entry["signature"] == "right"]
        ids = [entry["id"] for entry in right]
        assert ids and all(ids.count(each) == 2 for each in ids), f"{name} delivered {ids}"
        assert {entry["answer"] for entry in right} <= {200, 204}
        payments = 1 + (provider == CROSSER.method)
        assert (len(set(ids)) == payments) == (provider in TOLD_ONCE), f"{name} delivered {ids}"
    wrong = [
        entry for entry in fetch(twins["wechat_pay"] + "/_twin/journal")["items"] if entry.get("signature") == "probe"
    ]
    assert wrong and all(entry["answer"] == 401 for entry in wrong), "the probe with the wrong signature is refused"


def test_the_second_run_on_the_same_data_is_another_journey_of_the_same_members(tmp_path: Path) -> None:
    orders, members = set(), set()
    for _ in range(2):
        with BoxProcess(tmp_path, once=True) as box:
            code, output = box.finish()
            assert code == 0, output
        kept = journey_of(tmp_path)
        orders.add(kept["lin"]["memory"]["order_id"])
        members.add(kept["lin"]["memory"]["member_id"])
    assert (len(orders), len(members)) == (2, 1)


@pytest.mark.parametrize("whole_group", [False, True], ids=["the-box", "the-whole-group"])
@pytest.mark.parametrize(
    ("title", "within_seconds"),
    [("Lock the rate", 0.05), ("Start the payment", 0.05), ("Provider", 0.05), ("Five shoppers", 1.5)],
)
def test_killed_in_mid_journey_it_goes_on_and_nothing_acknowledged_is_lost(
    tmp_path: Path, title: str, within_seconds: float, whole_group: bool
) -> None:
    with BoxProcess(tmp_path) as box:
        box.read_until(title)
        time.sleep(random.uniform(0, within_seconds))
        box.kill(whole_group)
    before = journey_of(tmp_path)
    assert gone(box), "the cells end with the box"
    with BoxProcess(tmp_path, box.base) as again:
        output = again.read_until("Ctrl-C")
        assert "credited once" in output
        assert "goes on where it was cut" in output
        after = journey_of(tmp_path)
        for slug in CELL_OF:
            promised = {name: before[slug]["memory"].get(name) for name in ("order_id", "quote", "balance")}
            assert after[slug]["id"] == before[slug]["id"], "it is the same journey, with the same keys"
            assert {name: value for name, value in promised.items() if value} == {
                name: after[slug]["memory"][name] for name, value in promised.items() if value
            }
        whole_and_once(again)


def gone(box: BoxProcess) -> bool:
    ends = time.monotonic() + 8
    while box.ports_in_use() and time.monotonic() < ends:
        time.sleep(0.05)
    return not box.ports_in_use()


def test_a_killed_cell_comes_back_on_its_data_while_the_box_runs(tmp_path: Path) -> None:
    with BoxProcess(tmp_path) as box:
        box.read_until("Ctrl-C")
        health = box.get("/box.json")["cells"]["eu"] + "/v1/health"
        order = facts_of(box, "anna")["order"]
        assert box.post("/box/cells/eu/kill") == {"killed": "eu"}
        box.read_until("Cell eu died")
        ends = time.monotonic() + 20
        while time.monotonic() < ends:
            try:
                fetch(health)
                break
            except OSError:
                time.sleep(0.05)
        assert facts_of(box, "anna")["order"] == order


def test_a_taken_port_is_one_clear_line_and_exit_code_2(tmp_path: Path) -> None:
    port = free_base() + 2  # with free neighbours: another one that is taken would be named first
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        with BoxProcess(tmp_path, port - 2) as box:
            code, output = box.finish()
    assert code == 2
    assert f"Port {port} (cell eu) is taken" in output
    assert "TWINSHORE_PORT=" in output
    assert len(output.strip().splitlines()) == 1


def test_two_boxes_do_not_share_one_folder(tmp_path: Path) -> None:
    with BoxProcess(tmp_path) as first:
        first.wait_for_page()
        with BoxProcess(tmp_path) as second:
            code, output = second.finish()
    assert code == 2
    assert "TWINSHORE_SANDBOX" in output
    assert len(output.strip().splitlines()) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_at_any_moment(tmp_path: Path, number: signal.Signals) -> None:
    with BoxProcess(tmp_path) as box:
        box.wait_until_it_hears()
        time.sleep(random.uniform(0, 2.5))
        os.kill(box.process.pid, number)
        code, output = box.finish()
    assert (code, "Traceback" in output) == (0, False), output
    assert gone(box)


def test_the_terminal_speaks_chinese(tmp_path: Path) -> None:
    with BoxProcess(tmp_path, once=True, arguments=("--lang", "zh")) as box:
        code, output = box.finish()
    assert code == 0, output
    assert "7 笔订单均已支付，积分仅入账一次" in output
    assert "林夏，上海" in output
