"""`python -m bench.cost [--write]`: what an order costs, from units that are counted while one is carried out.

One order, as a member lives it: log in again, place it, begin to pay, the provider's notice twice, the events'
consumers, look at it, look at the points. Each step goes through its real door; DynamoDB units are those that
MiniStack reports.
"""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
import time
from contextlib import ExitStack, redirect_stdout
from pathlib import Path
from typing import Any, Callable, Mapping, NamedTuple

from bench import prices

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "cost.md"
MEMORY_GB = 0.5
ORDERS_TRIED = 8
ORDERS = 1000
SECONDS_OF_A_MONTH = 30 * 86_400
ANSWER_BYTES = 2_000
PARTIES = ("wechat", "mail", "cell", "partner")
"""Whom a cell asks besides its payment providers."""
QUEUES = 5
"""In which points may be stuck."""
RATES = (1, 10, 100, 1000)
"""Orders a second."""


class Step(NamedTuple):
    name: str
    invocations: int
    requests: int
    """Of them by HTTP."""
    reads: float
    writes: float
    seconds: float
    """Of a warm function, waiting for DynamoDB's stand-in on this machine included."""
    log_bytes: int


class Meter:
    """Counts the units of every DynamoDB call, whoever makes it."""

    def __init__(self) -> None:
        import boto3

        self.reads = self.writes = 0.0
        boto3.setup_default_session()
        events = boto3.DEFAULT_SESSION.events
        events.register("provide-client-params.dynamodb", self._ask)
        events.register("after-call.dynamodb", self._add)

    def _ask(self, params: dict[str, Any], model: Any, **_: Any) -> dict[str, Any]:
        takes = "ReturnConsumedCapacity" in model.input_shape.members
        return {**params, "ReturnConsumedCapacity": "INDEXES"} if takes else params

    def _add(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        consumed = parsed.get("ConsumedCapacity", [])
        units = sum(part["CapacityUnits"] for part in (consumed if isinstance(consumed, list) else [consumed]))
        if model.name in ("GetItem", "Query", "BatchGetItem"):
            self.reads += units
        else:
            self.writes += units


class Shop:
    """A cell on MiniStack's DynamoDB in which one order after another is carried out, step by step, counted."""

    def __init__(self, stack: ExitStack) -> None:
        from sandbox.twins.wechat import WechatTwin
        from sandbox.twins.wechat_pay_keys import make_keys
        from tests.support import engines
        from tests.support.doors import Place
        from tests.support.paying_place import PayingPlace
        from tests.support.wechat_world import APP_SECRET, APPID

        self.meter = Meter()
        self.url = stack.enter_context(engines.ministack())
        self.wechat = stack.enter_context(WechatTwin())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        os.environ.update(
            AWS_ENDPOINT_URL=self.url, AWS_ACCESS_KEY_ID="AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY="not-a-secret"
        )
        self.client = engines.dynamodb_client(self.url)
        self.table = engines.new_table(self.client)
        self.place = Place("eu", folder, {}, {})
        self.place.store = f"dynamodb-sdk:{self.table}"
        self.paying = PayingPlace(self.place, make_keys())
        self.place.secrets["wechat_app"] = json.dumps({"appid": APPID, "secret": APP_SECRET})
        self.place.outside["wechat"] = self.wechat.url
        self.place.rewire(TWINSHORE_CELLS_FILE=str(folder / "cells.json"))
        self.paying.gateway.is_open = False
        self.paying.start()
        stack.callback(self.paying.stop)
        self.steps: list[Step] = []

    def step(self, name: str, invocations: int, requests: int, work: Callable[[], Any]) -> Any:
        self.meter.reads = self.meter.writes = 0.0
        said = io.StringIO()
        began = time.perf_counter()
        with redirect_stdout(said):
            answer = work()
        took = round(
            time.perf_counter() - began, 3
        )  # as the page shows it, so that the page can be made anew of itself
        logged = len(said.getvalue().encode())
        self.steps.append(Step(name, invocations, requests, self.meter.reads, self.meter.writes, took, logged))
        return answer

    def order(self, key: str) -> None:
        from tests.support.wechat_world import login_code

        paying, code = self.paying, login_code(self.wechat, openid="oAnna")
        self.step("log in again", 1, 1, lambda: self.place.call("login", "POST", "/v1/login", json_body={"code": code}))
        order_id = self.step("place the order", 1, 1, lambda: paying.order(key=key))
        begun = self.step("begin to pay", 1, 1, lambda: paying.begin(order_id, key=f"pay-{key}"))
        seen = {each["eventID"] for each in self._stream()}
        with redirect_stdout(io.StringIO()):
            paying.payer_pays(begun.json()["client"])
            paying.wait_for(lambda: bool(self._paid(order_id)))
        notice = self._paid(order_id)[0]
        self.step("the provider's notice", 1, 1, lambda: paying.gateway.deliver(notice))
        self.step("the same notice again", 1, 1, lambda: paying.gateway.deliver(notice))
        fresh = [each for each in self._stream() if each["eventID"] not in seen]
        self.step("points, receipt, books", 2, 0, lambda: self._consume(fresh))
        self.step("look at the order", 1, 1, lambda: paying.status(order_id))
        self.step(
            "look at the points", 1, 1, lambda: self.place.call("points", "GET", "/v1/points", token=paying.token)
        )

    def _stream(self) -> list[dict[str, Any]]:
        from tests.support.engines import streamed

        return streamed(self.client, self.url, self.table)

    def _consume(self, records: list[dict[str, Any]]) -> None:
        from twinshore import triggers, wiring

        triggers.on_stream({"Records": records}, wiring.consumers())

    def _paid(self, order_id: str) -> list[Any]:
        wanted = (b"payment_intent.succeeded", order_id.encode())
        return [each for each in self.paying.gateway.turned_away if all(word in each.body for word in wanted)]


def measured() -> list[Step]:
    """One order on AWS: of several, each step as it went fastest; the first one warms everything."""
    runs: list[list[Step]] = []
    with ExitStack() as stack:
        stack.callback(_as_before, dict(os.environ))
        shop = Shop(stack)
        for number in range(ORDERS_TRIED + 1):
            shop.steps = []
            shop.order(f"order-{number}")
            runs.append(shop.steps)
    return [min(tries, key=lambda step: step.seconds) for tries in zip(*runs[1:])]


def _as_before(environ: Mapping[str, str]) -> None:
    """Whoever measures goes on in this process: nothing of the shop is left in it."""
    import boto3

    from twinshore import wiring

    os.environ.clear()
    os.environ.update(environ)
    boto3.DEFAULT_SESSION = None
    wiring.reset()


HEAD = """# Cost

Written by `python -m bench.cost --write`; do not edit. Units are counted while an order is carried out; prices are
those of bench/prices.py, which are round and unconfirmed.

## One order

| step | invocations | read units | write units | ms | log bytes |
| --- | ---: | ---: | ---: | ---: | ---: |
"""
GROWTH = """
## How it grows

| orders a second | AWS, USD a month | write units a second | Tencent, CNY a month | database |
| ---: | ---: | ---: | ---: | --- |
"""
FOOT = """
On demand, DynamoDB takes any of these rates: a table begins at 4,000 write units a second and doubles its peak within
half an hour, so warm it before a sale. Nothing of an order is a hot key: house accounts are sums, exposure and stock
are sharded. PostgreSQL is the limit of the mainland cell: docs/performance.md has what two cores commit; beyond that,
the partitions by key go to instances of their own.

Not counted: what is stored and backed up (by the GB and the month), secrets and keys asked for, Route 53, and the
clock's own runs when nothing is due.

Milliseconds are those of this machine with DynamoDB's stand-in on it, the best of several orders, and are billed as if
they were Lambda's; a provider's time to answer is not in them.
"""


def page(steps: list[Step]) -> str:
    """Markdown."""
    total = _sum(steps)
    used = {
        "requests": total.requests, "invocations": total.invocations, "write_units": total.writes,
        "read_units": total.reads, "gb_seconds": total.seconds * MEMORY_GB, "log_gb": total.log_bytes / 1e9,
        "egress_gb": total.requests * ANSWER_BYTES / 1e9,
    }  # fmt: skip
    rows = [
        f"| {each.name} | {each.invocations} | {each.reads:g} | {each.writes:g} |"
        f" {1000 * each.seconds:.0f} |"
        f" {each.log_bytes} |\n"
        for each in (*steps, total)
    ]
    aws, table_aws = _priced("AWS, Frankfurt | units | USD", prices.AWS, used)
    tencent, table_tencent = _priced("Tencent, Guangzhou | units | CNY", prices.TENCENT, used)
    fixed = [f"- Tencent: {what}, {amount:,.0f} CNY\n" for what, amount in prices.TENCENT_FIXED_MONTHLY.items()]
    monthly_usd = aws_monthly()
    fixed += [f"- AWS: {what}, {amount:,.2f} USD\n" for what, amount in monthly_usd.items()]
    growth = []
    for rate in RATES:
        thousands = rate * SECONDS_OF_A_MONTH / ORDERS
        usd = thousands * aws + sum(monthly_usd.values())
        cny = thousands * tencent + sum(prices.TENCENT_FIXED_MONTHLY.values())
        growth.append(f"| {rate:,} | {usd:,.0f} | {rate * total.writes:,.0f} | {cny:,.0f} | {_database(rate)} |\n")
    monthly = "\nBy the month, whatever is sold:\n\n" + "".join(fixed)
    orders = f"\n## {ORDERS:,} orders\n\n{table_aws}\n{table_tencent}{monthly}"
    return HEAD + "".join(rows) + orders + GROWTH + "".join(growth) + FOOT


def aws_monthly() -> dict[str, float]:
    """What a cell's keys cost, and what it costs to watch it, counted from what the template and the code say."""
    watched = counts_of_watching()
    listed = prices.AWS_WATCHED_MONTHLY
    return prices.AWS_FIXED_MONTHLY | {
        f"{watched[name]:,} {price.what}": watched[name] * price.amount / price.per for name, price in listed.items()
    }


def counts_of_watching() -> dict[str, int]:
    """CloudWatch bills each figure by cell, and again by each value of its dimension; an alarm by what it reads."""
    from tests.support.tree import aws_template, doors
    from twinshore.cells import load_cells
    from twinshore.metrics import RECORDS

    resources = aws_template()["Resources"].values()
    alarms = [body["Properties"] for body in resources if body["Type"] == "AWS::CloudWatch::Alarm"]
    providers = len(load_cells().providers_in("eu"))
    schedules = aws_template()["Resources"]["ScheduleFunction"]["Properties"]["Events"]
    values = {"door": len(doors()), "provider": providers, "channel": 2, "party": providers + len(PARTIES),
              "kind": 3, "queue": QUEUES, "job": len(schedules), "": 0}  # fmt: skip
    return {
        "metrics": sum(len(about.units) * (1 + values[about.by]) for about in RECORDS.values()),
        "alarmed": sum(
            len([each for each in alarm.get("Metrics", []) if "MetricStat" in each]) or 1 for alarm in alarms
        ),
        "composites": sum(body["Type"] == "AWS::CloudWatch::CompositeAlarm" for body in resources),
        "dashboards": sum(body["Type"] == "AWS::CloudWatch::Dashboard" for body in resources),
    }


def _sum(steps: list[Step]) -> Step:
    return Step(
        "all", sum(each.invocations for each in steps), sum(each.requests for each in steps),
        sum(each.reads for each in steps), sum(each.writes for each in steps), sum(each.seconds for each in steps),
        sum(each.log_bytes for each in steps),
    )  # fmt: skip


def _priced(title: str, listed: Mapping[str, prices.Price], used: Mapping[str, float]) -> tuple[float, str]:
    """What ORDERS cost, and the table that says so."""
    costs = {name: used[name] * price.amount / price.per * ORDERS for name, price in listed.items()}
    rows = [f"| {price.what} | {used[name] * ORDERS:,.3g} | {costs[name]:.4f} |\n" for name, price in listed.items()]
    together = sum(costs.values())
    return together, f"| {title} |\n| --- | ---: | ---: |\n{''.join(rows)}| **together** | | **{together:.3f}** |\n"


def _database(rate: int) -> str:
    return {1: "as above", 10: "as above", 100: "8 cores, 16 GB"}.get(rate, "several, by partition")


def main() -> None:
    text = page(measured())
    print(text)
    if "--write" in sys.argv[1:]:
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
