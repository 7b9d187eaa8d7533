"""What stands at the end: each member's own account by the doors of the cell, and the parties' books.

Every look is a GET with the member's own session, as their phone would make it.
"""

from __future__ import annotations

import concurrent.futures
import threading
from typing import Any, Iterable, Mapping, NamedTuple

from sandbox.load.books import Charge
from sandbox.load.caller import Caller, Sample

LOOKERS = 6
PAGE = 100
CELL_RECEIPTS = "receipts"


class Member(NamedTuple):
    """One membership, as its own doors show it."""

    orders: Mapping[str, Mapping[str, Any]]
    entries: tuple[Mapping[str, Any], ...]
    balance: int
    held: int
    vouchers: tuple[Mapping[str, Any], ...]
    exchanges: Mapping[str, Mapping[str, Any]]
    receipts: tuple[Mapping[str, Any], ...]
    """Of their links, in the order of their numbers."""
    email: str
    """Masked; of those who gave one."""


Whose = tuple[str, str]
"""Cell and member id."""


class Standing(NamedTuple):
    members: Mapping[Whose, Member]
    charges: tuple[Charge, ...]
    messages: tuple[str, ...]


class Account(NamedTuple):
    """Of whom to look, and at what beyond orders and points."""

    cell: str
    member: str
    token: str
    effects: frozenset[str]


def accounts_of(promises: Iterable[Mapping[str, Any]]) -> list[Account]:
    tokens: dict[Whose, str] = {}
    effects: dict[Whose, set[str]] = {}
    for line in promises:
        whose = (line["cell"], line["member"])
        if line["effect"] == "member":
            tokens[whose] = line["token"]
        effects.setdefault(whose, set()).add(line["effect"])
        if "there" in line:
            effects.setdefault((line["there"], line["to"]), set()).add(line["effect"])
    return [Account(*whose, token, frozenset(effects[whose])) for whose, token in tokens.items()]


def look_at(accounts: Iterable[Account], cells: Mapping[str, str], *, refresh: bool = False) -> dict[Whose, Member]:
    """refresh: have the cell ask the provider about orders that are not paid, as a phone does that is opened again.
    Raises DeedFailed, GaveUp."""
    own = threading.local()

    def one(account: Account) -> tuple[Whose, Member]:
        if not hasattr(own, "caller"):
            own.caller = Caller(cells, _forget)
        return (account.cell, account.member), _member(own.caller, account, refresh)

    with concurrent.futures.ThreadPoolExecutor(LOOKERS, thread_name_prefix="look") as pool:
        return dict(pool.map(one, accounts))


def _member(caller: Caller, account: Account, refresh: bool) -> Member:
    headers = {"Authorization": f"Bearer {account.token}", "Accept-Language": "en"}

    def get(path: str) -> Any:
        return caller.do("look", account.cell, ("GET", path), headers=headers).body

    def pages(path: str) -> list[Any]:
        items, after = [], ""
        while True:
            page = get(f"{path}{after}")
            items += page["items"]
            if not page.get("next"):
                return items
            after = f"&after={page['next']}"

    orders = {each["order_id"]: each for each in pages("/v1/orders?limit=50")}
    if refresh:
        for order_id, order in orders.items():
            if order["status"] in ("pending", "created"):
                orders[order_id] = get(f"/v1/orders/{order_id}?refresh=true")
    points, effects = get("/v1/points"), account.effects
    exchanging = "exchange" in effects
    links = get("/v1/points/links")["items"] if exchanging else []
    return Member(
        orders=orders,
        entries=tuple(pages(f"/v1/points/entries?limit={PAGE}")),
        balance=points["balance"],
        held=points["held"],
        vouchers=tuple(pages("/v1/rewards/vouchers?limit=50")) if "voucher" in effects else (),
        exchanges={each["id"]: each for each in get("/v1/points/exchanges")["items"]} if exchanging else {},
        receipts=tuple(one for link in links for one in pages(f"/v1/points/links/{link['id']}/receipts?limit={PAGE}")),
        email=str(get("/v1/notifications/preferences")["email"]) if "preferences" in effects else "",
    )


def _forget(_: Sample) -> None:
    """What the audit's own looks take is no figure of the load."""
