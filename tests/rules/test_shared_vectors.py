"""Every shared vector has a test that reads it, and every provider of ours one that it refuses."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Iterator

import pytest

from tests.support.tree import PACKAGE, ROOT
from tests.support.vectors import SHARED, load

PROVIDER = {"mercadopago": "mercado_pago", "wechatpay": "wechat_pay"}
NOT_OURS = {
    "moyasar": "a gateway for mada whose notices are not signed: decision 0115",
    "tap": "a gateway for mada whose notices are signed in part: decision 0115",
    "adyen.header_signed": "of Adyen's management webhooks; we take those of payments",
    "stripe.fx_quote_example": "of Stripe's own exchange; ours is `fx`",
    "wechatpay.go_rsa_oaep_sha1": "of personal data in requests; we send none",
    "wechatpay.doc_pay_sign_form": "shows the form and no key; `pay_sign` has both",
}


def readers(file: Path) -> str:
    name = PROVIDER.get(file.stem, file.stem)
    folder = ROOT / "tests" / "providers"
    found = [folder / name / "test_shared_vectors.py"] if file.stem != "currencies" else folder.rglob("test_shared*.py")
    return "".join(one.read_text(encoding="utf-8") for one in found)


def members(file: Path) -> Iterator[str]:
    """The lists and named entries of a file."""
    content: dict[str, Any] = load(file)
    for name, value in content.items():
        if name == "official":
            yield from (entry["name"] for entry in value if file.stem == "wechatpay")
        if isinstance(value, (list, dict)) and file.stem != "currencies":
            yield name


FILES = sorted(SHARED.glob("*.json"))
OURS = [file for file in FILES if file.stem not in NOT_OURS]


@pytest.mark.parametrize("file", OURS, ids=lambda file: file.stem)
def test_each_member_of_a_file_is_read_by_the_providers_own_test(file: Path) -> None:
    text = readers(file)
    assert f'"{file.name}"' in text
    for member in members(file):
        if f"{file.stem}.{member}" not in NOT_OURS:
            assert f'"{member}"' in text, f"nothing reads {member} of {file.name}"


@pytest.mark.parametrize("file", [one for one in OURS if one.stem != "currencies"], ids=lambda file: file.stem)
def test_each_provider_refuses_some(file: Path) -> None:
    """Where no vector is wrong by itself, the test tampers with a right one."""
    assert re.search(r"raises\(\s*SignatureRefused", readers(file))
    given = file.read_text(encoding="utf-8")
    assert '"expect": false' in given or "must_fail" in given or "tampered" in readers(file)


def test_what_nothing_reads_has_its_reason() -> None:
    folders = {file.parent.name for file in (PACKAGE / "providers").glob("*/entry.py")}
    for name in NOT_OURS:
        stem, _, member = name.partition(".")
        assert (PROVIDER.get(stem, stem) in folders) is bool(member)
    assert {PROVIDER.get(file.stem, file.stem) for file in OURS} - {"currencies"} <= folders
