"""Keys: several are live while one is renewed, and one that is taken out is out."""

from __future__ import annotations

import json
import stat
import time
from base64 import b64decode
from pathlib import Path

import pytest

from infra.compile_cells import SOURCE, compile_cells
from tests.support.cell_pair import Pair, public, secret, seed
from tests.support.doors import Place
from tools import cell_key
from twinshore.intercell.keys import cell_key_from_secret, is_signed_by
from twinshore.intercell.port import NotHeard


def now() -> int:
    return int(time.time())


def test_both_keys_are_believed_while_one_is_renewed(at: Place) -> None:
    pair = Pair(at, {"sea": ("k1", "k2")})
    assert pair.ask(now(), key=pair.key("sea", "k1")) == pair.ask(now(), key=pair.key("sea", "k2"))


def test_a_key_that_was_taken_out_is_out(at: Place) -> None:
    pair = Pair(at, {"sea": ("k2",)})
    assert pair.ask(now(), key=pair.key("sea", "k2"))
    with pytest.raises(NotHeard) as silence:
        pair.ask(now(), key=pair.key("sea", "k1"))
    assert "says cell-unknown" in silence.value.why


def test_the_hearer_renews_its_key_without_a_gap(at: Place) -> None:
    pair = Pair(at)
    asker_knows = {pair.here: ("k1", "k2")}
    assert pair.ask(now())
    pair.publish(asker_knows)
    assert pair.ask(now()), "published beside the live one; the old one still signs"
    pair.at.secrets["cell_key"] = secret(pair.here, "k2")
    pair.publish(asker_knows)
    assert pair.ask(now()), "the new one signs"
    pair.publish({pair.here: ("k2",)})
    assert pair.ask(now()), "the old one is gone"


def test_an_answer_under_a_key_that_nobody_published_is_silence(at: Place) -> None:
    pair = Pair(at)
    pair.at.secrets["cell_key"] = secret(pair.here, "k2")
    pair.publish(None)
    with pytest.raises(NotHeard) as silence:
        pair.ask(now())
    assert "cell-unknown" in silence.value.why


def test_a_cell_without_a_key_stays_closed(at: Place) -> None:
    pair = Pair(at)
    pair.at.secrets["cell_key"] = ""
    pair.publish(None)
    with pytest.raises(NotHeard) as silence:
        pair.ask(now())
    assert "not-configured" in silence.value.why


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"id": "k1"}', '{"id": "k1", "private": "AAAA"}', "null",
                                  '{"id": "K 1", "private": "%s"}', '{"id": 1, "private": "%s"}'])  # fmt: skip
def test_a_secret_that_is_no_key_is_refused_without_repeating_it(text: str) -> None:
    kept = json.loads(secret("cn"))["private"]
    with pytest.raises(ValueError) as refusal:
        cell_key_from_secret("cn", text % kept if "%s" in text else text)
    assert kept not in str(refusal.value) and "AAAA" not in str(refusal.value)


def test_a_key_never_shows_its_private_half() -> None:
    key = cell_key_from_secret("cn", secret("cn"))
    assert repr(key) == str(key) == "CellKey(cn:k1)"
    assert key.private == seed("cn")


def test_the_tool_makes_a_pair_that_the_cells_file_and_the_secret_take(tmp_path: Path) -> None:
    file = tmp_path / "cn.json"
    line = cell_key.make({"k1": public("cn")}, "2026-11", str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    declared = compile_cells(SOURCE.read_text(encoding="utf-8").replace("public_keys = {}", line, 1))
    assert declared["cells"]["cn"]["public_keys"].keys() == {"k1", "2026-11"}
    key = cell_key_from_secret("cn", file.read_text())
    published = declared["cells"]["cn"]["public_keys"]["2026-11"]
    assert is_signed_by(b64decode(published), key.sign(b"hello"), b"hello")


def test_the_tool_overwrites_no_key(tmp_path: Path) -> None:
    file = tmp_path / "cn.json"
    file.write_text("a key")
    with pytest.raises(FileExistsError):
        cell_key.make({}, "2026-11", str(file))
    with pytest.raises(ValueError, match="not in use"):
        cell_key.make({"2026-11": public("cn")}, "2026-11", str(tmp_path / "new.json"))
    assert file.read_text() == "a key"


@pytest.mark.parametrize("line", ['public_keys = { "k1" = "AAAA" }', 'public_keys = { "K 1" = "%s" }'])
def test_the_cells_file_takes_whole_keys_only(line: str) -> None:
    text = SOURCE.read_text(encoding="utf-8").replace("public_keys = {}", line.replace("%s", public("cn")), 1)
    with pytest.raises(ValueError):
        compile_cells(text)
