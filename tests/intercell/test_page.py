"""docs/cell-to-cell.md shows a question that is genuine, and names every refusal's number right."""

from __future__ import annotations

import re

from tests.intercell.test_signatures import B26_BASE, B26_SIGNATURE, PUBLIC
from tests.support.tree import ROOT
from twinshore.intercell.digest import matches
from twinshore.intercell.keys import is_signed_by
from twinshore.intercell.signatures import REQUEST_COVERS, WINDOW_SECONDS, read, signature_base

PAGE = (ROOT / "docs" / "cell-to-cell.md").read_text(encoding="utf-8")


def test_the_question_on_the_page_is_genuine() -> None:
    shown = re.search(r"```\nPOST (\S+) HTTP/1\.1\n(.*?)\n\n(.*?)\n```", PAGE, re.DOTALL)
    assert shown is not None
    path, lines, body = shown[1], shown[2], shown[3].encode()
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines.splitlines())}
    signed = read(headers, REQUEST_COVERS, with_nonce=True)
    assert matches(headers["content-digest"], body)
    values = ("POST", headers["host"], path, headers["content-digest"], headers["content-type"])
    assert is_signed_by(
        PUBLIC, signed.signature, signature_base(list(zip(REQUEST_COVERS, values)), signed.parameters)
    )  # fmt: skip


def test_the_rfcs_example_stands_on_the_page() -> None:
    assert B26_BASE.decode() in PAGE
    assert B26_SIGNATURE in PAGE
    assert f"within {WINDOW_SECONDS} seconds" in PAGE
