"""Doors against frameworks: cold (a new interpreter to its first answer) and warm."""

from __future__ import annotations

from typing import NamedTuple

from bench.place import Place
from bench.processes import Figures, cold, warm
from bench.rows import Row, Section, figure

NAMES = {
    "pay_hand": "by hand, cryptography, PEM key (floor+cryptography)",
    "pay_path": "ours: the verify path",
    "pay_seam": "ours: the verify path in a door, without a store",
    "pay_door": "ours: the real door with its SQLite store",
    "pay_sdk": "wechatpayv3 alone",
    "pay_powertools": "powertools + wechatpayv3",
    "pay_fastapi": "FastAPI + Mangum + wechatpayv3",
    "pay_door_dynamodb": "ours: the real door with its DynamoDB store",
    "pay_powertools_boto3": "powertools + wechatpayv3 + boto3, one conditional write",
    "json_bare": "bare: standard library, checks by hand",
    "json_twinshore": "ours: a door with a model",
    "json_powertools": "powertools with validation",
    "json_fastapi": "FastAPI + Mangum",
    "login_door": "ours: the real login door with its SQLite store",
    "login_fastapi": "FastAPI + Mangum + httpx + PyJWT, keeping nothing",
}
WHY_PATH = (
    "more than half of *by hand* is one RSA verification, which nothing makes shorter; the strict reading of the"
    " signature, the window and the translation (a time, an amount with its currency) are the rest."
)
WHY_SEAM = (
    "the door also reads the platform's whole event, routes it, forms the answer and writes a log line; no peer writes"
    " one. The verify path itself takes up what the goal leaves above *by hand*."
)
WAITING = ("login_door", "pay_door", "pay_door_dynamodb")
"""They wait for WeChat, a disk, a database: wall time is what counts."""


class Pace(NamedTuple):
    cold_rounds: int
    warm_rounds: int
    warm_blocks: int


def callbacks(place: Place, pace: Pace) -> list[Section]:
    stacks = ["pay_hand", "pay_path", "pay_seam", "pay_door", "pay_sdk", "pay_powertools", "pay_fastapi"]
    at_start, then = cold(stacks, pace.cold_rounds, place), warm(stacks, pace.warm_rounds, place, pace.warm_blocks)
    hand, fastapi, sdk = NAMES["pay_hand"], NAMES["pay_fastapi"], NAMES["pay_sdk"]
    rows_cold = [
        _row(at_start, "pay_path", "pay_hand", 1.3, 0.9),
        _row(at_start, "pay_seam", "pay_hand", 1.3, 0.9),
        _row(at_start, "pay_seam", "pay_fastapi", 0.15),
        _row(at_start, "pay_seam", "pay_sdk", 0.3),
        _row(at_start, "pay_door", "pay_hand"),
        _row(at_start, "pay_door", "pay_fastapi"),
    ]
    path, seam = then["pay_path"], then["pay_seam"]
    in_a_door = "the verify path in a door, warm"
    rows_warm = [
        Row("the verify path, warm", hand, path.over(then["pay_hand"]), 1.15, 1.0, why=WHY_PATH),
        Row("the verify path, warm", sdk, path.over(then["pay_sdk"]), 1.0, why=WHY_PATH),
        Row(in_a_door, hand, seam.over(then["pay_hand"]), 1.15, 1.0, why=WHY_SEAM),
        Row(in_a_door, fastapi, seam.over(then["pay_fastapi"]), 0.3, why=WHY_SEAM),
        Row("the real door with its store, a notice again, warm", hand, then["pay_door"].over(then["pay_hand"])),
    ]
    note_cold = (
        "One notification of a paid order, signed with a 2048-bit key of the run. *The verify path* is"
        " `WechatPay.read_webhook`: strict signature, time window, two live APIv3 keys, the translation into a"
        " `Notice`; the peers verify and decrypt only. *In a door* adds the seam (event, routing, log line, answer)."
        " *The real door* adds the wiring, the secret, one read of the order and one synced commit."
    )
    note_warm = (
        "The same notification again. *The verify path* does what *by hand* does (verify, open, read, answer), and what"
        " it alone does. *In a door* the whole call of the platform is counted, log line included. The real door's"
        " figure is that of a notice that came before: the secret read from its file, one read of the order, two log"
        " lines; no peer stores or logs anything."
    )
    return [
        Section("Payment callback, cold", note_cold, rows_cold, _table(at_start, "ms")),
        Section("Payment callback, warm", note_warm, rows_warm, _table(then, "µs")),
    ]


def with_dynamodb(place: Place, pace: Pace) -> list[Section]:
    at_start = cold(["pay_door_dynamodb", "pay_powertools_boto3"], pace.cold_rounds, place)
    note = (
        "Both write to the same moto server, whose answers are part of both figures (ours asks twice: one read, one"
        " conditional write with the event; the peer writes once)."
    )
    row = _row(at_start, "pay_door_dynamodb", "pay_powertools_boto3", 0.3, 0.2)
    return [Section("Payment callback with its DynamoDB writer, cold", note, [row], _table(at_start, "ms"))]


def json_doors(place: Place, pace: Pace) -> list[Section]:
    stacks = ["json_bare", "json_twinshore", "json_powertools", "json_fastapi"]
    at_start, then = cold(stacks, pace.cold_rounds, place), warm(stacks, pace.warm_rounds, place, pace.warm_blocks)
    rows_cold = [
        _row(at_start, "json_twinshore", "json_fastapi", 0.5),
        _row(at_start, "json_twinshore", "json_powertools", 0.75),
        _row(at_start, "json_twinshore", "json_bare", None, 1.5),
    ]
    ours, what = then["json_twinshore"], "a door with a model, warm"
    rows_warm = [
        Row(what, NAMES["json_powertools"], ours.over(then["json_powertools"]), 0.3),
        Row(what, NAMES["json_fastapi"], ours.over(then["json_fastapi"]), 0.2),
        Row(what, NAMES["json_bare"], ours.over(then["json_bare"]), None, 2.5),
    ]
    note = (
        "One API Gateway event with a path parameter, a bearer header and a nested JSON body; the same pydantic models"
        " in every stack that has models; ours reads them compiled (decision 0193), and also writes a log line."
    )
    return [
        Section("JSON door, cold", note, rows_cold, _table(at_start, "ms")),
        Section("JSON door, warm", note, rows_warm, _table(then, "µs")),
    ]


def login(place: Place, pace: Pace) -> list[Section]:
    at_start = cold(["login_door", "login_fastapi"], pace.cold_rounds, place)
    note = (
        "A code from a WeChat on this machine becomes a session. Ours makes five durable commits (two limits, the"
        " person, the session and its key) where the peer keeps nothing; WeChat's own time is in both."
    )
    row = _row(at_start, "login_door", "login_fastapi", 0.5, 0.26)
    return [Section("Login door, cold", note, [row], _table(at_start, "ms"))]


def _row(got: dict[str, Figures], stack: str, peer: str, hold: float | None = None, reach: float | None = None) -> Row:
    what = NAMES[stack].removeprefix("ours: ")
    mine, theirs = got[stack], got[peer]
    # A cold start that waits for nobody is CPU time; the clock on the wall adds what else the machine is doing.
    ratio = mine.over(theirs) if stack in WAITING else mine.cpu_over(theirs)
    return Row(f"{what}, cold", NAMES[peer], ratio, hold, reach)


def _table(got: dict[str, Figures], unit: str) -> list[tuple[str, ...]]:
    is_cold = unit == "ms"
    heading = ("stack", f"{unit}: median (range)", *(("CPU ms", "modules at the end") if is_cold else ()))
    lines = [
        (NAMES[name], figure(found.values), *((figure(found.cpu_ms), str(found.modules)) if is_cold else ()))
        for name, found in got.items()
    ]
    return [heading, *lines]
