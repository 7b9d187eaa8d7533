"""The common CSV form: read whole, or not at all."""

from __future__ import annotations

import pytest

from twinshore.money import Money
from twinshore.reconciliation.csv_bill import TEXT_LIMIT_CHARACTERS, CsvBills
from twinshore.reconciliation.port import BillDamaged, BillLine, BillTooLarge

DAY = "2026-09-21"
HEAD = "reference,provider_id,kind,amount,currency,refund_reference,occurred_at,fee,fee_currency"
PAID = "order-1,9ab3,payment,12.99,EUR,,2026-09-21T08:30:00Z,0.43,EUR"
BACK = "order-1,9ab3,refund,500,JPY,order-r1,,,"
WHOLE = "\n".join([HEAD, PAID, BACK, "end,2"]) + "\n"


def lines_of(text: str, zone: str = "UTC") -> list[BillLine]:
    return list(CsvBills(text, zone).lines(DAY, 0))


def test_a_file_is_read() -> None:
    paid, back = lines_of(WHOLE)
    assert paid[:6] == ("order-1", "9ab3", "payment", Money(1299, "EUR"), "", 1_789_979_400)
    assert paid.fee == Money(43, "EUR")
    assert (back.amount, back.refund_reference, back.occurred_at, back.fee) == (Money(500, "JPY"), "order-r1", 0, None)


def test_columns_may_stand_in_any_order_and_only_five_are_needed() -> None:
    text = "\ufeffkind,currency,amount,provider_id,reference\r\npayment,EUR,1,9,\r\nend,1\r\n"
    assert [line.amount for line in lines_of(text)] == [Money(100, "EUR")]


def test_an_empty_day_is_said_to_be_empty() -> None:
    assert lines_of(HEAD + "\nend,0\n") == []


def test_a_day_is_counted_in_the_providers_zone() -> None:
    late = WHOLE.replace("2026-09-21T08:30:00Z", "2026-09-20T16:00:00Z")
    assert len(lines_of(late, "Asia/Shanghai")) == 2
    with pytest.raises(BillDamaged):
        lines_of(late)


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEAD,
        "\n".join([HEAD, PAID, BACK]),
        "\n".join([HEAD, PAID, "end,2"]),
        "\n".join([HEAD, PAID, BACK, BACK, "end,2"]),
        "\n".join([HEAD, PAID, "end,1", BACK]),
        "\n".join([HEAD, PAID[:-20], "end,1"]),
        "\n".join([HEAD, PAID + ",more", "end,1"]),
        "\n".join([HEAD, PAID.replace("payment", "payout"), "end,1"]),
        "\n".join([HEAD, PAID.replace("12.99", "-12.99"), "end,1"]),
        "\n".join([HEAD, PAID.replace("12.99", "12.999"), "end,1"]),
        "\n".join([HEAD, PAID.replace("12.99", "1e3"), "end,1"]),
        "\n".join([HEAD, PAID.replace("12.99,EUR", "12.99,EU"), "end,1"]),
        "\n".join([HEAD, PAID.replace("Z", ""), "end,1"]),
        "\n".join([HEAD, PAID.replace("0.43,EUR", "0.43,"), "end,1"]),
        "\n".join([HEAD, PAID.replace("order-1,9ab3", ","), "end,1"]),
        "\n".join([HEAD, '"order-1' + PAID, "end,1"]),
        "\n".join([HEAD, PAID.replace("9ab3", "9" * 200), "end,1"]),
        "\n".join([HEAD.replace("amount", "betrag"), PAID, "end,1"]),
        "\n".join([HEAD + ",note", PAID + ",x", "end,1"]),
        "\n".join([HEAD.replace("fee,", "amount,"), PAID, "end,1"]),
    ],
)
def test_half_a_file_is_refused(text: str) -> None:
    with pytest.raises(BillDamaged):
        lines_of(text)


def test_a_file_has_a_limit() -> None:
    with pytest.raises(BillTooLarge):
        lines_of(" " * (TEXT_LIMIT_CHARACTERS + 1))


def test_it_settles_no_refund_by_its_own_word() -> None:
    assert CsvBills(WHOLE, "UTC").authentic is False
