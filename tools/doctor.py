"""Looks at a deployed cell from outside, and changes nothing: `python -m tools.doctor eu` or `... https://eu.api.example`.

Prints a line for each check, with what was seen; ends with 1 if any failed. Only GET, OPTIONS and requests that a
healthy cell must refuse before it does anything.
"""

from __future__ import annotations

import email.utils
import json
import socket
import ssl
import sys
import time
from pathlib import Path
from typing import Callable, NamedTuple
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "layers" / "core"))

from twinshore.cells import load_cells  # noqa: E402 - found by the path above
from twinshore.outbound import NoAnswer, Reply, Unreachable, send  # noqa: E402

SLOW_SECONDS = 1.0
CLOCK_LIMIT_SECONDS = 60
"""Cell-to-cell messages and webhooks bear 300; a cell that is a minute off will be five some day."""
CERTIFICATE_DAYS = 21
FRESH_SECONDS = 5 * 24 * 3600
"""Reference rates rest over a long weekend."""


class Failed(Exception):
    """What was seen, in words."""


class Cell(NamedTuple):
    url: str
    origin: str = "https://www.twinshore.example"

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Reply:
        return send(method, self.url + path, {"Accept": "application/json", **(headers or {})}, body, 10.0)


def healthy(cell: Cell) -> str:
    reply = cell.ask("GET", "/v1/health")
    said = _json(reply, 200)
    if said.get("status") != "ok":
        raise Failed("it says that it is not well")
    return f"{said['cell']} on {said['cloud']}, {said['region']}"


def quick(cell: Cell) -> str:
    times = []
    for _ in range(5):
        began = time.monotonic()
        cell.ask("GET", "/v1/health")
        times.append(time.monotonic() - began)
    if min(times) > SLOW_SECONDS:
        raise Failed(f"the quickest of five answers took {min(times):.1f} s")
    return f"{min(times) * 1000:.0f} ms, the slowest of five {max(times) * 1000:.0f} ms"


def clock(cell: Cell) -> str:
    said = cell.ask("GET", "/v1/health").headers.get("date", "")
    try:
        off = email.utils.parsedate_to_datetime(said).timestamp() - time.time()
    except (TypeError, ValueError):
        raise Failed("no Date header") from None
    if abs(off) > CLOCK_LIMIT_SECONDS:
        raise Failed(f"{off:+.0f} s against this machine")
    return f"{off:+.0f} s"


def certificate(cell: Cell) -> str:
    parts = urlsplit(cell.url)
    if parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost"):
        return "none on this machine's own address"
    if parts.scheme != "https" or not parts.hostname:
        raise Failed("not https")
    try:
        raw = socket.create_connection((parts.hostname, parts.port or 443), 10)
        with ssl.create_default_context().wrap_socket(raw, server_hostname=parts.hostname) as secured:
            peer = secured.getpeercert() or {}
    except OSError as err:
        raise Failed(type(err).__name__) from err
    days = (ssl.cert_time_to_seconds(str(peer["notAfter"])) - time.time()) / 86_400
    if days < CERTIFICATE_DAYS:
        raise Failed(f"ends in {days:.0f} days")
    return f"{days:.0f} days left"


def same_api(cell: Cell) -> str:
    served = _json(cell.ask("GET", "/openapi.json"), 200)
    ours = json.loads((ROOT / "layers" / "core" / "twinshore" / "openapi.json").read_text(encoding="utf-8"))
    if served != ours:
        missing = set(ours["paths"]) ^ set(served.get("paths", {}))
        raise Failed(f"another version is deployed; routes that differ: {', '.join(sorted(missing)) or 'none'}")
    return f"{len(ours['paths'])} routes, as here"


def rates(cell: Cell) -> str:
    said = _json(cell.ask("GET", "/v1/fx/rates?base=EUR&quote=USD"), 200)
    if int(said["age_seconds"]) > FRESH_SECONDS:
        raise Failed(f"from {said['date']}: the job fx-refresh, or its source, is down")
    return f"of {said['date']}, {said['source']}"


def bootstraps(cell: Cell) -> str:
    said = _json(cell.ask("GET", "/v1/bootstrap"), 200)
    return f"market {said['market']['country'] if isinstance(said.get('market'), dict) else said.get('market')}"


def unknown_route(cell: Cell) -> str:
    return _problem(cell.ask("GET", "/v1/no-such-route"), 404)


def no_token(cell: Cell) -> str:
    return _problem(cell.ask("GET", "/v1/points"), 401)


def forged_webhook(cell: Cell) -> str:
    """A body that nobody signed, for each provider of the cells file that this cell has."""
    name = str(_json(cell.ask("GET", "/v1/health"), 200)["cell"])
    for provider in load_cells().providers_in(name):
        reply = cell.ask("POST", f"/v1/webhooks/{provider}", {"Content-Type": "application/json"}, b"{}")
        if reply.status not in (400, 401, 403, 404):
            raise Failed(f"{provider} answered {reply.status} to a body that nobody signed")
    return "refused, by every provider of the cell"


def unsigned_message(cell: Cell) -> str:
    reply = cell.ask("POST", "/cells/v1/points-settlements", {"Content-Type": "application/json"}, b"{}")
    if reply.status not in (400, 401, 403):
        raise Failed(f"answered {reply.status} to a message that no cell signed")
    return f"refused with {reply.status}"


def nothing_is_kept(cell: Cell) -> str:
    if cell.ask("GET", "/v1/health").headers.get("cache-control") != "no-store":
        raise Failed("an answer may be cached on its way")
    return "no-store"


CHECKS: tuple[tuple[str, Callable[[Cell], str]], ...] = (
    ("health", healthy), ("quick", quick), ("clock", clock), ("certificate", certificate), ("api", same_api),
    ("bootstrap", bootstraps), ("rates", rates), ("unknown route", unknown_route), ("no token", no_token),
    ("forged webhook", forged_webhook), ("unsigned message", unsigned_message), ("caching", nothing_is_kept),
)  # fmt: skip


def examine(cell: Cell) -> list[tuple[str, bool, str]]:
    """(check, passed, what was seen), all of them whatever fails."""
    found = []
    for name, check in CHECKS:
        try:
            found.append((name, True, check(cell)))
        except Failed as err:
            found.append((name, False, str(err)))
        except (Unreachable, NoAnswer) as err:
            found.append((name, False, f"no answer: {err}"))
        except (KeyError, TypeError, ValueError):
            found.append((name, False, "the answer has not the form that it should have"))
    return found


def _json(reply: Reply, status: int) -> dict[str, object] | dict[str, dict[str, object]]:
    if reply.status != status:
        raise Failed(f"status {reply.status}{_named(reply)}")
    said = json.loads(reply.body)
    if not isinstance(said, dict):
        raise Failed("not a JSON object")
    return said


def _named(reply: Reply) -> str:
    """The problem's own name, which docs/problems.md explains: `, store-not-prepared`."""
    try:
        return f", {str(json.loads(reply.body)['type']).rsplit('/', 1)[-1]}"
    except (ValueError, KeyError, TypeError):
        return ""


def _problem(reply: Reply, status: int) -> str:
    if reply.status != status or not reply.headers.get("content-type", "").startswith("application/problem+json"):
        raise Failed(f"status {reply.status}, {reply.headers.get('content-type', 'no type')}")
    return f"{status}, a problem document"


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    known = load_cells().all.get(arguments[0])
    url = known.endpoint if known else arguments[0].rstrip("/")
    if not url.startswith(("https://", "http://")):
        print(f"no cell and no address: {arguments[0]}", file=sys.stderr)
        return 2
    found = examine(Cell(url))
    for name, passed, seen in found:
        print(f"{'ok    ' if passed else 'FAILED'}  {name:18} {seen}")
    return 0 if all(passed for _, passed, _ in found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
