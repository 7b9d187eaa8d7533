"""Partners whose vouchers points buy, in the form of docs/providers/partner_vouchers.md, with stock and books of their
own. Each of our cells has an account of its own with each partner, told apart by its token.

For each stock that it is given it has codes ready; `GET /v1/news` tells of those issued to us and of vouchers used at
its counters, page by page, `GET /v1/vouchers` lists all, `POST /v1/vouchers/{serial}/void` strikes one out.

    POST /_twin/issue {"account", "reward", "region", "count"}   issue more codes to us
    POST /_twin/use {"code"}             a guest shows a code at the counter: 200, or 409 with its status
    POST /_twin/push {"account", "url"}  send what was not pushed yet to `url`, signed
    GET  /_twin/stock                    serial -> status

Faults beyond those of every twin, `POST /_twin/faults`:
    duplicate     each page of news holds its items twice, and begins with the page before
    reorder       uses come before the codes that they are of
    oversell      a code is used at the counter although it was never given by us, at each page
    forget_voids  a void is answered and not done
These last until they are changed: `times` is for the faults of every twin.
"""

from __future__ import annotations

import json
import secrets
import time
from pathlib import Path
from typing import Any, Mapping
from urllib.parse import unquote

from sandbox.twins.server import Twin, TwinReply, TwinRequest, json_reply
from twinshore.outbound import send
from twinshore.outbound_webhooks.signing import shown, signed_headers

BEARER = "partner-of-the-box"
OWN = "own"
SECRET = b"a partner of the box signs by it"
LIFE_SECONDS = 365 * 86_400
PAGE_LIMIT = 200


class PartnerTwin(Twin):
    name = "partner"

    def __init__(
        self, folder: Path | None = None, port: int = 0, stock: Mapping[str, Mapping[str, int]] | None = None
    ) -> None:
        """stock: account -> "reward:region" -> how many codes are issued to us at the first start."""
        super().__init__(folder, port)
        self.vouchers: dict[str, dict[str, Any]] = self.recall("vouchers", {})
        self.log: dict[str, list[dict[str, Any]]] = self.recall("log", {})
        self.pushed: dict[str, int] = self.recall("pushed", {})
        for account, offers in ({} if self.log else stock or {}).items():
            for offer, count in offers.items():
                reward, _, region = offer.partition(":")
                self.issue(account, reward, region, count)

    @staticmethod
    def secret(account: str = OWN) -> dict[str, Any]:
        """The host is that of a real one; `TWINSHORE_OUTSIDE` leads here."""
        token = f"{BEARER}-{account}"
        return {"url": "https://partner.example.com", "token": token, "webhook_secrets": [shown(SECRET)]}

    def issue(self, account: str, reward: str, region: str, count: int) -> list[str]:
        with self.lock:
            serials = []
            for number in range(len(self.vouchers), len(self.vouchers) + count):
                serial, code = f"{region[:3].upper()}-{number:06d}", secrets.token_hex(6).upper()
                row = {"serial": serial, "code": code, "reward": reward, "region": region, "status": "open",
                       "account": account, "expires_at": int(self.moment()) + LIFE_SECONDS}  # fmt: skip
                self.vouchers[serial] = row
                self.log.setdefault(account, []).append({"issued": serial})
                serials.append(serial)
            self._keep()
            return serials

    def use(self, code: str) -> str:
        """A guest at the counter: "used" now, or what the voucher was before ("" if there is none)."""
        with self.lock:
            row = next((row for row in self.vouchers.values() if row["code"] == code), None)
            if row is None or row["status"] != "open":
                return f"was {row['status']}" if row else ""
            row["status"] = "used"
            self.log[row["account"]].append({"used": row["serial"], "at": int(self.moment())})
            self.note("voucher used", serial=row["serial"])
            self._keep()
            return "used"

    def handle(self, request: TwinRequest) -> TwinReply:
        if request.path.startswith("/_twin/"):
            return self._controlled(request)
        scheme, _, account = request.headers.get("authorization", "").partition(f"Bearer {BEARER}-")
        if scheme or not account or (self.log and account not in self.log):
            self.note("refused", why="bearer")
            return json_reply({"error": "unauthorized"}, 401)
        after = int(request.query.get("after", "0") or 0)
        if request.method == "GET" and request.path == "/v1/news":
            return json_reply(self._news(account, after, self._limit(request)))
        if request.method == "GET" and request.path == "/v1/vouchers":
            return json_reply(self._statuses(account, after, self._limit(request)))
        if request.method == "POST" and request.path.endswith("/void"):
            return self._void(account, unquote(request.path.split("/")[3]))
        return json_reply({"error": "not found"}, 404)

    def push(self, url: str, account: str = OWN, secret: bytes = SECRET) -> int:
        """Tell what was not told yet; the status of the answer. What is not accepted is told again the next time."""
        with self.lock:
            log = self.log.get(account, [])
            body, told = json.dumps(self._page(log[self.pushed.get(account, 0) :])).encode(), len(log)
        at = int(time.time())
        headers = signed_headers(f"msg_{told}_{at}", at, body, [secret])
        status = send("POST", url, {**headers, "Content-Type": "application/json"}, body, 10).status
        self.note("pushed", status=status)
        if status == 200:
            with self.lock:
                self.pushed[account] = told
                self.remember("pushed", self.pushed)
        return status

    def _controlled(self, request: TwinRequest) -> TwinReply:
        wanted = request.json() if request.method == "POST" else {}
        if request.path == "/_twin/issue":
            what = (str(wanted["account"]), str(wanted["reward"]), str(wanted["region"]))
            return json_reply({"serials": self.issue(*what, int(wanted["count"]))})
        if request.path == "/_twin/use":
            told = self.use(str(wanted["code"]))
            return json_reply({"status": told}, 200 if told == "used" else 409)
        if request.path == "/_twin/push":
            return json_reply({"status": self.push(str(wanted["url"]), str(wanted["account"]))})
        if request.path == "/_twin/stock":
            return json_reply({serial: row["status"] for serial, row in self.vouchers.items()})
        return json_reply({"error": "not found"}, 404)

    def _news(self, account: str, after: int, limit: int) -> dict[str, Any]:
        with self.lock:
            log = self.log.get(account, [])
            if self.faults.get("oversell"):
                mine = [row for row in self.vouchers.values() if row["account"] == account]
                free = next((row for row in mine if row["status"] == "open"), None)
                if free is not None:
                    self.use(free["code"])
            start = max(0, after - limit) if self.faults.get("duplicate") else after
            rows = log[start : after + limit]
            if self.faults.get("reorder"):
                rows = [row for row in log if "used" in row] + rows
            page = self._page(rows * 2 if self.faults.get("duplicate") else rows)
            self.note("news read", after=after, items=len(rows))
            return {**page, "next": str(min(after + limit, len(log)))}

    def _page(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        batches: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for row in (self.vouchers[row["issued"]] for row in rows if "issued" in row):
            code = {"serial": row["serial"], "code": row["code"], "expires_at": _moment(row["expires_at"])}
            batches.setdefault((row["reward"], row["region"]), []).append(code)
        return {
            "batches": [{"reward": reward, "region": region, "codes": codes}
                        for (reward, region), codes in batches.items()],
            "uses": [{"serial": row["used"], "used_at": _moment(row["at"])} for row in rows if "used" in row],
            "voided": [row["voided"] for row in rows if "voided" in row],
        }  # fmt: skip

    def _statuses(self, account: str, after: int, limit: int) -> dict[str, Any]:
        with self.lock:
            rows = [row for row in self.vouchers.values() if row["account"] == account]
        items = [{"serial": row["serial"], "status": row["status"]} for row in rows[after : after + limit]]
        return {"items": items, **({"next": str(after + limit)} if after + limit < len(rows) else {})}

    def _void(self, account: str, serial: str) -> TwinReply:
        with self.lock:
            row = self.vouchers.get(serial)
            if row is None or row["account"] != account:
                return json_reply({"error": "not found"}, 404)
            if row["status"] == "used":
                return json_reply({"status": "used"}, 409)
            if not self.faults.get("forget_voids"):
                row["status"] = "void"
                self._keep()
            self.note("voucher struck out", serial=serial)
            return json_reply({"status": "void"})

    @staticmethod
    def _limit(request: TwinRequest) -> int:
        return min(PAGE_LIMIT, int(request.query.get("limit", PAGE_LIMIT)))

    def _keep(self) -> None:
        self.remember("vouchers", self.vouchers)
        self.remember("log", self.log)


def _moment(at: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
