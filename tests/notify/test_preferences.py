"""Preferences and the credit ledger on a store: what is kept, what is shown, whose data it is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from twinshore.cells import Residency, load_cells
from twinshore.errors import BrokenInvariant, Unprocessable
from twinshore.notify import credit_ledger, preferences
from twinshore.notify.preferences import (
    KEEP,
    EmailInvalid,
    EmailMissing,
    Preferences,
    change,
    checked_email,
    checked_zone,
    learn_language,
    masked_email,
    read,
)
from twinshore.notify.templates import UnknownTemplate
from twinshore.store.port import CommitConflict, Key
from twinshore.store.sqlite import SqliteStore

MEMBER, ADDRESS = "m_anna", "anna.beispiel@mail.example.com"
EU, CN = Residency(load_cells(), "eu"), Residency(load_cells(), "cn")


def wanted(email: bool = True, language: str = "en") -> Preferences:
    return Preferences({"wechat_subscribe": True, "email": email}, language, "Europe/Berlin", "", "")


def test_who_never_chose_hears_by_wechat_only_for_mail_needs_consent(store: SqliteStore) -> None:
    assert read(store, MEMBER) == Preferences(
        {"wechat_subscribe": True, "email": False}, "zh-CN", "Asia/Shanghai", "", ""
    )


def test_the_address_is_kept_with_its_cell_and_shown_masked_only(store: SqliteStore) -> None:
    stored = change(store, EU, MEMBER, wanted(), ADDRESS)
    assert (stored.email, stored.cell) == (ADDRESS, "eu")
    assert read(store, MEMBER) == stored
    assert masked_email(stored.email) == "a***@***.com"
    assert masked_email("") == ""


def test_the_address_stays_unless_it_is_changed_or_removed(store: SqliteStore) -> None:
    change(store, EU, MEMBER, wanted(), ADDRESS)
    assert change(store, EU, MEMBER, wanted(language="zh-CN"), KEEP).email == ADDRESS
    assert change(store, EU, MEMBER, wanted(), "a.b@example.com").email == "a.b@example.com"
    with pytest.raises(EmailMissing):
        change(store, EU, MEMBER, wanted(), None)
    assert change(store, EU, MEMBER, wanted(email=False), None).email == ""
    item = store.get(Key(f"notify#{MEMBER}", "preferences"))
    assert item is not None
    assert "email" not in item.fields, "removed is gone, not blank"


def test_mail_without_an_address_cannot_be_turned_on(store: SqliteStore) -> None:
    with pytest.raises(EmailMissing):
        change(store, EU, MEMBER, wanted(), KEEP)


def test_preferences_of_another_cell_are_noticed_not_served(store: SqliteStore) -> None:
    change(store, EU, MEMBER, wanted(), ADDRESS)
    with pytest.raises(BrokenInvariant):
        change(store, CN, MEMBER, wanted(), KEEP)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (" Anna.Beispiel+shop@Mail.EXAMPLE.com ", "Anna.Beispiel+shop@mail.example.com"),
        ("a.b-c@xn--fsq.example", "a.b-c@xn--fsq.example"),
        ("o'neil_1@example.co.uk", "o'neil_1@example.co.uk"),
        ("li@example.com", "li@example.com"),
    ],
)
def test_an_address_is_kept_with_its_domain_in_lower_case(given: str, kept: str) -> None:
    assert checked_email(given) == kept


@pytest.mark.parametrize(
    "text",
    ["", "@", "a@b", "anna", "anna@", "@example.com", "an na@example.com", "a@example..com", ".a@example.com",
     "a.@example.com", "a..b@example.com", "a@-example.com", "a@example.c", "a@example.com\nBcc: b@example.com",
     "a@example.com,b@example.com", "Anna <abc@example.com>", "a***@***.com", "安娜@example.com", '"a b"@example.com',
     "abc@[127.0.0.1]", "x" * 65 + "@example.com", "abc@" + "x." * 130 + "com"],
)  # fmt: skip
def test_what_is_no_plain_address_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(EmailInvalid) as caught:
        checked_email(text)
    assert caught.value.detail == "write it like name@example.com"


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+8"])
def test_zones_have_the_shape_of_their_database(zone: str) -> None:
    assert checked_zone(zone) == zone


@pytest.mark.parametrize("zone", ["", "../etc/passwd", "/etc/passwd", "Asia//Shanghai", "a/b/c/d", "Europe/Berlin\n"])
def test_what_is_no_zone_is_refused(zone: str) -> None:
    with pytest.raises(Unprocessable):
        checked_zone(zone)


def test_the_language_of_the_first_prompt_is_learnt_and_a_choice_is_not_overwritten(store: SqliteStore) -> None:
    learn_language(store, EU, MEMBER, "en")
    assert (read(store, MEMBER).language, read(store, MEMBER).time_zone) == ("en", "UTC")
    change(store, EU, MEMBER, wanted(email=False, language="zh-CN"), KEEP)
    learn_language(store, EU, MEMBER, "en")
    assert read(store, MEMBER).language == "zh-CN"


def test_changes_at_the_same_time_each_land_whole(store: SqliteStore) -> None:
    addresses = [f"anna{number}@example.com" for number in range(4)]

    def one(address: str) -> None:
        try:
            change(store, EU, MEMBER, wanted(), address)
        except preferences.PreferencesContended:
            return

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, addresses))
    assert read(store, MEMBER).email in addresses


def test_every_tap_is_one_credit_of_its_template(store: SqliteStore) -> None:
    for _ in range(2):
        store.commit(*credit_ledger.accepted(MEMBER, ["receipt", "points_credited"]))
    store.commit(*credit_ledger.accepted(MEMBER, ["receipt"]))
    assert credit_ledger.balance(store, MEMBER, "receipt") == 3
    assert credit_ledger.balance(store, MEMBER, "points_credited") == 2
    assert credit_ledger.balance(store, "m_other", "receipt") == 0
    with pytest.raises(UnknownTemplate):
        credit_ledger.accepted(MEMBER, ["receipt", "nonsense"])


def test_twenty_at_once_spend_five_credits_five_times(store: SqliteStore) -> None:
    for _ in range(5):
        store.commit(*credit_ledger.accepted(MEMBER, ["receipt"]))

    def spend(_: int) -> bool:
        try:
            store.commit(credit_ledger.spent(MEMBER, "receipt"))
        except CommitConflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(spend, range(20))) == 5
    assert credit_ledger.balance(store, MEMBER, "receipt") == 0


def test_zero_is_zero_however_many_there_were(store: SqliteStore) -> None:
    credit_ledger.zero(store, MEMBER, "receipt")
    assert credit_ledger.balance(store, MEMBER, "receipt") == 0
    store.commit(*credit_ledger.accepted(MEMBER, ["receipt"]))
    credit_ledger.zero(store, MEMBER, "receipt")
    assert credit_ledger.balance(store, MEMBER, "receipt") == 0
