"""The messages, as data: what each needs, what it says in each language, and on each channel.

A value is one of five kinds, and each has one form per place it is shown in; see `shown`. A message on WeChat is a list
of typed fields under the platform's labels; the fields' keys are those of the template that was chosen in the
platform's library, the same for every language.
"""

from __future__ import annotations

import time
from typing import Mapping, NamedTuple, Union

from twinshore.errors import Unprocessable
from twinshore.money import Money, decimal_text
from twinshore.notify.limits import fitted

# Kinds of values.
CODE, AMOUNT, MOMENT, NUMBER, TEXT = "code", "amount", "moment", "number", "text"
CODE_LIMIT_CHARS, TEXT_LIMIT_CHARS = 32, 200
MOMENT_LIMIT = 253_402_300_799
"""The last second of the year 9999."""

LANGUAGES = ("zh-CN", "en")
Value = Union[str, int, Money]
"""CODE and TEXT: str. NUMBER: int. MOMENT: int, seconds since the epoch. AMOUNT: Money."""


class Wording(NamedTuple):
    subject: str
    body: str
    """Paragraphs, parted by empty lines."""
    fields: Mapping[str, str]
    """WeChat's key -> text. A field that is only a value keeps its exact form; words around it are the language's."""


class Template(NamedTuple):
    needs: Mapping[str, str]
    """Name of each value -> its kind."""
    twice_is_worse: bool
    """Whether a second copy does more harm than none at all; see docs/decisions/0071."""
    wordings: Mapping[str, Wording]


TEMPLATES: dict[str, Template] = {
    "receipt": Template(
        {"order_id": CODE, "amount": AMOUNT, "paid_at": MOMENT},
        False,
        {
            "zh-CN": Wording(
                "付款成功：订单 {order_id}",
                "您好：\n\n我们已收到订单 {order_id} 的付款 {amount}。\n\n付款时间：{paid_at}\n\n感谢您的购买。",
                {"character_string1": "{order_id}", "amount2": "{amount}", "date3": "{paid_at}",
                 "thing4": "付款成功（{currency}），感谢购买"},
            ),
            "en": Wording(
                "Payment received: order {order_id}",
                "Hello,\n\nwe have received your payment of {amount} for order {order_id}.\n\nPaid at: {paid_at}\n\n"
                "Thank you for your purchase.",
                {"character_string1": "{order_id}", "amount2": "{amount}", "date3": "{paid_at}",
                 "thing4": "Paid in {currency}. Thanks!"},
            ),
        },
    ),
    "order_refunded": Template(
        {"order_id": CODE, "amount": AMOUNT, "refunded_at": MOMENT},
        False,
        {
            "zh-CN": Wording(
                "退款通知：订单 {order_id}",
                "您好：\n\n订单 {order_id} 的退款 {amount} 已原路退回。\n\n退款时间：{refunded_at}\n\n"
                "到账时间以支付渠道为准。",
                {"character_string1": "{order_id}", "amount2": "{amount}", "date3": "{refunded_at}",
                 "thing4": "退款已原路退回（{currency}）"},
            ),
            "en": Wording(
                "Refund: order {order_id}",
                "Hello,\n\nwe have refunded {amount} of order {order_id} to the way you paid.\n\n"
                "Refunded at: {refunded_at}\n\nWhen it arrives is up to your bank or wallet.",
                {"character_string1": "{order_id}", "amount2": "{amount}", "date3": "{refunded_at}",
                 "thing4": "Refunded in {currency}"},
            ),
        },
    ),
    "points_credited": Template(
        {"points": NUMBER, "reason": TEXT, "credited_at": MOMENT},
        True,
        {
            "zh-CN": Wording(
                "积分到账：{points} 分",
                "您好：\n\n{points} 积分已到账。\n\n来源：{reason}\n\n到账时间：{credited_at}",
                {"number1": "{points}", "thing2": "{reason}", "date3": "{credited_at}"},
            ),
            "en": Wording(
                "{points} points credited",
                "Hello,\n\n{points} points have been credited to you.\n\nFor: {reason}\n\nCredited at: {credited_at}",
                {"number1": "{points}", "thing2": "{reason}", "date3": "{credited_at}"},
            ),
        },
    ),
    "voucher_issued": Template(
        {"reward": TEXT, "valid_until": MOMENT},
        True,
        {
            "zh-CN": Wording(
                "兑换的券已到账",
                "您好：\n\n您兑换的「{reward}」已发放。\n\n有效期至：{valid_until}\n\n券码请在小程序内查看。",
                {"thing1": "{reward}", "date2": "{valid_until}", "thing3": "券码请在小程序内查看"},
            ),
            "en": Wording(
                "Your voucher is ready",
                "Hello,\n\nyour voucher is ready: {reward}.\n\nValid until: {valid_until}\n\n"
                "Its code is in the mini-program.",
                {"thing1": "{reward}", "date2": "{valid_until}", "thing3": "See the code here"},
            ),
        },
    ),
}  # fmt: skip

# One sign each, for WeChat's `amount`; a currency without one is shown without (its code stands in another field).
_SIGNS = {"CNY": "¥", "EUR": "€", "USD": "$", "GBP": "£", "KRW": "₩", "INR": "₹", "THB": "฿", "VND": "₫", "PHP": "₱",
          "ILS": "₪", "UAH": "₴", "TRY": "₺", "NGN": "₦", "KZT": "₸"}  # fmt: skip


class UnknownTemplate(Unprocessable):
    slug = "unknown-template"
    title_en = "There is no such message"
    title_zh = "没有该消息模板"


class TemplateValuesWrong(Unprocessable):
    """`fields` names what is missing, too much, or of a wrong kind."""

    slug = "template-values-wrong"
    title_en = "The message needs other values"
    title_zh = "消息模板的参数不正确"


def template_of(name: str) -> Template:
    """Raises UnknownTemplate."""
    try:
        return TEMPLATES[name]
    except KeyError:
        raise UnknownTemplate(f"known are: {', '.join(sorted(TEMPLATES))}") from None


def check_values(name: str, values: Mapping[str, Value]) -> None:
    """Raises UnknownTemplate, TemplateValuesWrong: every place is filled, and nothing is left over."""
    needs = template_of(name).needs
    wrong = {field for field, kind in needs.items() if not _is(kind, values.get(field))}
    if wrong or set(values) - set(needs):
        wanted = ", ".join(f"{field} ({kind})" for field, kind in sorted(needs.items()))
        raise TemplateValuesWrong(f"{name} takes exactly: {wanted}", fields=sorted(wrong))


def subscribe_fields(name: str, values: Mapping[str, Value], language: str, zone: str) -> dict[str, str]:
    """The fields of the subscribe message, each within the platform's limits. Raises limits.ValueDoesNotFit."""
    template = template_of(name)
    texts = {field: shown(value, template.needs[field], language, zone, short=True) for field, value in values.items()}
    fields = template.wordings[language].fields
    return {key: fitted(key, text.format_map({**texts, **_extra(values)})) for key, text in fields.items()}


def letter_texts(name: str, values: Mapping[str, Value], language: str, zone: str) -> tuple[str, str, dict[str, str]]:
    """Subject, body, and the values as they stand in them."""
    template = template_of(name)
    texts = {field: shown(value, template.needs[field], language, zone, short=False) for field, value in values.items()}
    wording = template.wordings[language]
    return wording.subject.format_map(texts), wording.body.format_map(texts), texts


def shown(value: Value, kind: str, language: str, zone: str, short: bool) -> str:
    """One value as a person reads it. `short`: in a typed field of WeChat, which takes neither commas nor zones."""
    if isinstance(value, Money):
        if short:
            return _SIGNS.get(value.currency, "") + decimal_text(value)
        from twinshore.money_display import display

        return display(value, language)
    if kind == MOMENT:
        return _moment(int(value), language, zone, short)
    return str(value) if kind in (NUMBER, CODE) else " ".join(str(value).split())


def _moment(at: int, language: str, zone: str, short: bool) -> str:
    offset_seconds, zone_shown = _offset(at, zone)
    parts = time.gmtime(at + offset_seconds)
    day = (
        f"{parts.tm_year}年{parts.tm_mon}月{parts.tm_mday}日"
        if language == "zh-CN"
        else time.strftime("%Y-%m-%d", parts)
    )
    clock = time.strftime("%H:%M", parts)
    return f"{day} {clock}" if short else f"{day} {clock} ({zone_shown})"


def _offset(at: int, zone: str) -> tuple[int, str]:
    """Of an IANA zone at that moment. A machine without the zone's data shows UTC, and says so."""
    from datetime import datetime, timezone
    from zoneinfo import ZoneInfo

    try:
        offset = datetime.fromtimestamp(at, timezone.utc).astimezone(ZoneInfo(zone)).utcoffset()
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        return 0, "UTC"
    return (int(offset.total_seconds()) if offset else 0), zone


def _extra(values: Mapping[str, Value]) -> dict[str, str]:
    """`currency`: of the amount in the message, for signs alone are ambiguous (¥, $)."""
    amounts = [value for value in values.values() if isinstance(value, Money)]
    return {"currency": amounts[0].currency} if amounts else {}


def _is(kind: str, value: object) -> bool:
    if kind == AMOUNT:
        return isinstance(value, Money)
    if kind in (NUMBER, MOMENT):
        limit = MOMENT_LIMIT if kind == MOMENT else 10**15
        return type(value) is int and 0 <= value <= limit
    if not isinstance(value, str) or not value.strip():
        return False
    if kind == CODE:
        return len(value) <= CODE_LIMIT_CHARS and value.isascii() and value.isprintable() and " " not in value
    return len(value) <= TEXT_LIMIT_CHARS
