"""Each provider's callback, verified and translated: ours against its official SDK in the same run, warm and cold.

The notices are those of the twins: an order of each provider's scenario is paid, and the notice of its capture is kept.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator

from bench.callback_readers import BY_SDK, WITHOUT_VERIFIER, mercado_pago_signatures, ours, peer_of
from bench.processes import ROOT, TIMEOUT_SECONDS, Figures, environment, in_turn
from bench.rows import Row, Section, figure
from bench.signatures import timed

WARM_GOAL, COLD_GOAL = 1.0, 0.3
WHO = ["ours", "peer"]


def section(rounds: int, cold_rounds: int, calls: int) -> Section:
    from tools.payment_matrix import parties

    rows, table = [], [("callback", "µs warm, ours", "its peer", "ms cold, ours", "its peer", "modules")]
    for party in parties():
        with kept_notice(party) as file:
            kept = json.loads(file.read_text(encoding="utf-8"))
            warm, cold = _warm(kept, rounds, calls), measure_cold(file, cold_rounds)
        peer, _ = peer_of(party.name)
        goals = (WARM_GOAL, COLD_GOAL) if party.name in BY_SDK else (None, None)
        if party.name == "mercado_pago":
            alone = timed(mercado_pago_signatures(kept), rounds, calls)
            rows.append(Row(f"{party.name}'s signature, warm", peer, alone["ours"].over(alone["peer"]), WARM_GOAL))
        rows += [
            Row(f"{party.name}'s callback, warm", peer, warm["ours"].over(warm["peer"]), goals[0]),
            Row(f"{party.name}'s callback, cold", peer, cold["ours"].cpu_over(cold["peer"]), goals[1]),
        ]
        figures = [figure(found[who].values) for found in (warm, cold) for who in WHO]
        table.append((party.name, *figures, " / ".join(str(cold[who].modules) for who in WHO)))
    note = (
        "One genuine notice of a capture: ours verifies it (time window, several live keys) and translates it to the"
        " payments room's words; the SDK verifies it and the body is parsed. Mercado Pago signs nothing of the body,"
        " and names the topic beside it, so ours does not read it; the signatures alone stand in a row of their own."
        " Cold: imports, keys, one notice; CPU time. Where no official SDK verifies, the scheme by hand stands beside"
        " ours, with no goal: it has no window, one key, and no translation. That is so for five: "
        + "; ".join(WITHOUT_VERIFIER[name] for name in sorted(WITHOUT_VERIFIER))
        + ". PayPal's certificate is fetched from the twin by both, and its chain is checked by ours alone."
    )
    return Section("Providers' callbacks", note, rows, table)


@contextmanager
def kept_notice(party: Any) -> Iterator[Path]:
    """A file with the notice of a capture, its secret and what is right, while the party's twin runs."""
    import pytest

    from tests.support.scenario import scene_of

    with tempfile.TemporaryDirectory(prefix="twinshore-bench-") as name, pytest.MonkeyPatch.context() as patch:
        for scene in scene_of(party, Path(name), patch):
            order_id = scene.place_order()
            scene.payer(scene.begun(order_id))
            scene.delivered()
            scene.status(order_id, refresh=True)
            scene.delivered()
            file = Path(name) / "notice.json"
            file.write_text(json.dumps(_kept(scene, order_id)))
            yield file


def _kept(scene: Any, order_id: str) -> dict[str, Any]:
    """The last notice that our provider reads as a capture."""
    from twinshore import wiring
    from twinshore.payments.port import CAPTURED

    provider, found = wiring.payment_provider(scene.party.name), None
    for request in scene.genuine():
        headers = {**request.headers, **{f"?{name}": value for name, value in request.query.items()}}
        notices, _ = provider.read_webhook(headers, request.body, int(time.time()))
        if notices and notices[0].state == CAPTURED:
            found = {"path": request.path, "headers": headers, "body": request.body.decode()}
            references = [notices[0].reference or notices[0].provider_id, f"{order_id}-1"]
    assert found is not None, f"{scene.party.name} told of no capture"
    secret = scene.twin.secret()
    if scene.party.name == "mercado_pago":  # a country, as the SDK has it: the twin has seven
        secret = {what: {"BRL": by_account["BRL"]} for what, by_account in secret.items()}
    return {
        "name": scene.party.name,
        "secret": json.dumps(secret),
        "url": scene.twin.url,
        "references": references,
        **found,
    }


def _warm(kept: dict[str, Any], rounds: int, calls: int) -> dict[str, Figures]:
    readers = {"ours": ours(kept), "peer": peer_of(kept["name"])[1](kept)}
    for read in readers.values():
        assert read() in kept["references"]
    return timed(dict(readers), rounds, calls)


def measure_cold(file: Path, rounds: int) -> dict[str, Figures]:
    said: dict[str, list[dict[str, float]]] = {who: [] for who in WHO}

    def measure(who: str) -> float:
        probe = [sys.executable, "-S", "-s", str(ROOT / "bench" / "callback_probe.py"), str(file), who]
        start = time.perf_counter()
        done = subprocess.run(
            probe, env=environment({}), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False,
            timeout=TIMEOUT_SECONDS,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{file.name} {who}: {done.stderr.decode()[-2000:]}")
        said[who].append(json.loads(done.stderr.decode().splitlines()[-1]))
        return (said[who][-1]["ready"] - start) * 1e3

    return {
        who: Figures(values, int(said[who][-1]["modules"]), [one["cpu_ms"] for one in said[who][1:]])
        for who, values in in_turn(WHO, rounds, measure).items()
    }
