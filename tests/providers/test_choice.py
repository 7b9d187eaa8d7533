"""A provider is found by its folder alone: inside the package, or in a package of one's own."""

from __future__ import annotations

import json
import re
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Iterator

import pytest

from tests.support.doors import Place
from tests.support.tree import ROOT
from twinshore import wiring
from twinshore.cells import load_cells
from twinshore.payments.port import Payer
from twinshore.payments_wiring import HOUSE
from twinshore.providers.capabilities import Capabilities
from twinshore.providers.choice import build_provider, capabilities_of, payer_for
from twinshore.providers.configuration import ProviderNotConfigured
from twinshore.providers.setup import Setup

FOLDER = ROOT / "layers" / "core" / "twinshore" / "providers"
OURS = sorted(file.parent.name for file in FOLDER.glob("*/entry.py"))
ENTRY = '''
"""A provider that stands outside the package."""

from tests.support.paper_provider import PaperProvider
from twinshore.providers.capabilities import Capabilities

CAPABILITIES = Capabilities(
    name="acme", methods=("acme_pay",), currencies=(), client="pay_with", tells_failure=True, part_refunds=True,
    refund_days=30, acknowledge_within_seconds=5, retries_for_seconds=60, signature_covers_body=True,
)
TILL = PaperProvider()


def build(setup):
    TILL.secret = setup.secret_json.encode()
    TILL.notify_url = setup.notify_url
    return TILL
'''


class NoVault:
    def put(self, reference: str, text: str, expires_at: int) -> None:
        raise AssertionError("nothing is kept while a provider is built")

    def get(self, reference: str) -> str:
        raise AssertionError("nothing is read while a provider is built")


@pytest.fixture
def acme(at: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A folder outside the package, one line in the cells file, one secret: nothing else."""
    package = tmp_path / "packages" / "twinshore_provider_acme"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "entry.py").write_text(ENTRY)
    monkeypatch.syspath_prepend(str(package.parent))
    compiled = json.loads((FOLDER.parent / "cells.json").read_text(encoding="utf-8"))
    method = {**compiled["methods"]["card"], "provider": "acme", "cells": ["cn", "eu"], "currencies": []}
    compiled["methods"]["acme_pay"] = method
    (tmp_path / "cells.json").write_text(json.dumps(compiled))
    at.secrets["provider_acme"] = "acme-secret"
    at.rewire(TWINSHORE_CELLS_FILE=str(tmp_path / "cells.json"))
    from importlib import import_module

    yield import_module("twinshore_provider_acme.entry").TILL
    for name in [name for name in sys.modules if name.startswith("twinshore_provider_acme")]:
        del sys.modules[name]


def test_a_provider_of_ones_own_takes_an_order_from_placing_to_paid(at: Place, acme: Any) -> None:
    token = at.member_token("m_anna")
    wanted = {"description": "A kettle", "amount": {"amount_minor": 2500, "currency": "EUR"}}
    placed = at.call("payments", "POST", "/v1/orders", json_body=wanted, token=token, key="o").json()
    path = f"/v1/orders/{placed['order_id']}/payments"
    started = at.call("payments", "POST", path, json_body={"method": "acme_pay"}, token=token, key="p")
    assert started.status == 201, started.text
    reference = started.json()["reference"]
    assert started.json()["provider"] == "acme"
    acme.pay(reference, wiring.now())
    for _ in range(2):
        headers, body = acme.webhook(reference)
        told = at.call("payment_callbacks", "POST", "/v1/webhooks/acme", headers=headers, body=body)
        assert (told.status, told.text) == (200, '{"paper":"filed"}')
    seen = at.call("payments", "GET", f"/v1/orders/{placed['order_id']}", token=token).json()
    assert seen["status"] == "paid"
    events = [item.fields["name"] for item in wiring.store().due("outbox", wiring.now() + 60)]
    assert events.count("payment.captured") == 1
    assert acme.notify_url == f"{wiring.cell().endpoint}/v1/webhooks/acme"


def test_a_forged_notice_of_it_is_refused(at: Place, acme: Any) -> None:
    assert at.call("payment_callbacks", "POST", "/v1/webhooks/acme", headers={}, body=b"{}").status == 401


@pytest.mark.parametrize("name", OURS)
def test_every_folder_of_ours_says_what_it_can_do(name: str) -> None:
    said = capabilities_of(name)
    assert isinstance(said, Capabilities)
    assert said.name == name
    assert said.methods
    assert said.hosts, "where its client goes is in its table"
    assert set(said.payer_needs) <= set(Payer._fields)
    assert (ROOT / "docs" / "providers" / f"{name}.md").exists()
    assert (ROOT / "sandbox" / "twins" / f"{name}.py").exists()


@pytest.mark.parametrize("name", OURS)
def test_the_addresses_in_a_providers_code_are_those_of_its_table(name: str) -> None:
    """Found in the code's own text, so that an address that is added there is missed here."""
    text = "".join(file.read_text(encoding="utf-8") for file in (FOLDER / name).glob("*.py"))
    hosts = capabilities_of(name).hosts
    for host in re.findall(r"https://([A-Za-z0-9.-]+\.[a-z]{2,})", text):
        assert any(fnmatch(host, pattern) for pattern in hosts), f"{host} is not in {name}'s table"


@pytest.mark.parametrize("name", OURS)
def test_a_provider_is_built_with_the_guard_and_knows_no_other_way_out(name: str) -> None:
    """A client has no way out of its own: it is given one, with the guard."""
    entry = (FOLDER / name / "entry.py").read_text(encoding="utf-8")
    assert entry.count("send_to(CAPABILITIES.hosts, setup.base_url)") == 1
    for file in (FOLDER / name).glob("*.py"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(
            r"^(?!    from twinshore\.outbound import Reply$).*twinshore(\.| import )outbound", text, re.M
        )
        assert not re.search(r"\b(http\.client|urllib\.request|import socket)\b", text), file.name
        assert not re.search(r"send_outbound|fetch_outbound|\b[Ss]end: Send\b.* = ", text), file.name


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("secret", ["", "{}", "[]", "null", "not json", '{"unknown": "member"}'])
def test_an_empty_or_half_written_secret_is_a_closed_door(name: str, secret: str) -> None:
    with pytest.raises(ProviderNotConfigured) as refused:
        build_provider(name, Setup(secret, "", "https://eu.api.twinshore.example/v1/webhooks/x", NoVault()))
    assert "not json" not in str(refused.value.detail)


@pytest.mark.parametrize("name", ["nobody", "", "../stripe", "stripe.client", "Stripe", "os", "x" * 60])
def test_a_name_without_a_folder_is_no_provider(name: str) -> None:
    with pytest.raises(ProviderNotConfigured):
        capabilities_of(name)


def test_what_a_provider_lacks_is_a_fault_to_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "twinshore_provider_broken"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "entry.py").write_text("import a_package_that_is_not_installed\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModuleNotFoundError, match="a_package_that_is_not_installed"):
        capabilities_of("broken")


def test_a_payer_is_told_of_only_as_far_as_the_provider_needs() -> None:
    assert payer_for("stripe", Payer(country="DE"), lambda: pytest.fail("not asked for")) == Payer(country="DE")
    assert payer_for("wechat_pay", Payer(), lambda: "o-invented").wechat_openid == "o-invented"


def test_every_method_of_the_cells_file_is_one_that_its_provider_has() -> None:
    ours = [method for method in load_cells().methods if method.provider not in HOUSE]
    assert ours
    for method in ours:
        said = capabilities_of(method.provider)
        assert method.name in said.methods
        assert not said.currencies or (method.currencies and set(method.currencies) <= set(said.currencies))
