"""Deliver one message to one member: once per (cause, template), on the first channel that takes it.

    delivery#<member_id>  <template>#<hash of the cause>  -> template, state, attempts, leased_until

The log keeps channels, outcomes and times: no address, no text. Before each attempt the record says `sending` and the
credit is spent, in one commit; after it the outcome is written, and a credit that was surely not used comes back. A
function that dies in between leaves a lease behind, and whoever comes after it takes that attempt for unknown.
"""

from __future__ import annotations

import hashlib
from typing import Any, Mapping, NamedTuple

from twinshore import log
from twinshore.errors import Unavailable
from twinshore.notify import credit_ledger
from twinshore.notify.attempts import FINAL, SENDING, WAITING, Attempt, Step, next_step, outcome_of
from twinshore.notify.limits import ValueDoesNotFit
from twinshore.notify.port import EMAIL, NO_CREDIT, SENT, SUBSCRIBE, UNKNOWN, Letter, Mail, Outcome, SubscribeSender
from twinshore.notify.preferences import Preferences, read
from twinshore.notify.templates import Value, check_values, letter_texts, subscribe_fields, template_of
from twinshore.store.port import Change, CommitConflict, Create, Fields, Item, Key, Replace, Store

LEASE_SECONDS = 60
"""Longer than any attempt may take."""
LOG_SECONDS = 90 * 86400
RETRY_SECONDS = 30
STEP_LIMIT = 8


class Notice(NamedTuple):
    """`cause`: the id of the event or request behind it; the same cause and template are the same message."""

    cause: str
    member_id: str
    template: str
    values: Mapping[str, Value]


class Channels(NamedTuple):
    """None: this cell does not offer the channel."""

    wechat: SubscribeSender | None
    mail: Mail | None


class Delivery(NamedTuple):
    id: str
    state: str
    """sent, failed or unknown; never less: what is not finished raises NotDeliveredYet."""
    channel: str
    """Of the attempt that was sent or unknown; "" if it failed."""


class NotDeliveredYet(Unavailable):
    """Surely not sent so far, or another call is at it. The same cause again goes on: `retry_after` in seconds."""

    slug = "notification-not-delivered-yet"
    title_en = "The message could not be sent yet, please try again"
    title_zh = "消息暂未发送，请稍后重试"


class _Record(NamedTuple):
    key: Key
    version: int
    """0: not stored yet."""
    state: str
    attempts: tuple[Attempt, ...]
    leased_until: int
    held: Fields = {}
    """The item's fields as they were read: what newer code has added stays."""


def deliver(store: Store, channels: Channels, notice: Notice, now: int) -> Delivery:
    """Send it, or find that it has been.

    Raises NotDeliveredYet, UnknownTemplate, TemplateValuesWrong, StoreUnavailable.
    """
    check_values(notice.template, notice.values)
    record = _record_of(store, notice)
    chosen = read(store, notice.member_id)
    for _ in range(STEP_LIMIT):
        if record.state in FINAL:
            return _delivery(record)
        if record.state == SENDING:
            record = _after_a_crash(record, now)
        step = next_step(
            record.attempts, _open_channels(channels, chosen), now, template_of(notice.template).twice_is_worse
        )
        if step.state != SENDING:
            record = _settle(store, notice, record, step.state, now)
            if step.state == WAITING:
                raise NotDeliveredYet(retry_after=RETRY_SECONDS)
            continue
        claimed = _claim(store, notice, record, step, now)
        if claimed.state == SENDING:
            outcome = _send(channels, notice, chosen, step.channel)
            claimed = _write_down(store, notice, claimed, Attempt(step.channel, outcome, now), now)
        record = claimed
    raise NotDeliveredYet(retry_after=RETRY_SECONDS)


def _open_channels(channels: Channels, chosen: Preferences) -> tuple[str, ...]:
    """Cheapest and nearest first: WeChat is free and stands in the app that the member has in hand."""
    offered = {SUBSCRIBE: channels.wechat is not None, EMAIL: channels.mail is not None and bool(chosen.email)}
    return tuple(name for name in (SUBSCRIBE, EMAIL) if offered[name] and chosen.channels[name])


def _claim(store: Store, notice: Notice, record: _Record, step: Step, now: int) -> _Record:
    """The record as `sending`, with the credit spent; or as it is when there was none to spend."""
    sending = record._replace(state=SENDING, leased_until=now + LEASE_SECONDS)
    credit = (credit_ledger.spent(notice.member_id, notice.template),) if step.channel == SUBSCRIBE else ()
    try:
        store.commit(_change(notice, sending, now, step.channel), *credit)
    except CommitConflict as conflict:
        if conflict.key == record.key:
            raise NotDeliveredYet(retry_after=RETRY_SECONDS) from None  # somebody else is sending it
        attempt = Attempt(step.channel, NO_CREDIT, now)
        return record._replace(state=WAITING, attempts=(*record.attempts, attempt))
    return sending._replace(version=record.version + 1)


def _send(channels: Channels, notice: Notice, chosen: Preferences, channel: str) -> str:
    try:
        outcome = _by_mail(channels, notice, chosen) if channel == EMAIL else _by_wechat(channels, notice, chosen)
    except ValueDoesNotFit as err:
        log.line("warning", "a value does not fit into the message", template=notice.template, **err.extensions)
        return "value_does_not_fit"
    return outcome_of(outcome.state, outcome.retry_after_seconds)


def _by_wechat(channels: Channels, notice: Notice, chosen: Preferences) -> Outcome:
    if channels.wechat is None:
        return Outcome("not_offered")
    fields = subscribe_fields(notice.template, notice.values, chosen.language, chosen.time_zone)
    return channels.wechat.send(notice.member_id, notice.template, fields, chosen.language)


def _by_mail(channels: Channels, notice: Notice, chosen: Preferences) -> Outcome:
    if channels.mail is None:
        return Outcome("not_offered")
    subject, body, values = letter_texts(notice.template, notice.values, chosen.language, chosen.time_zone)
    letter = Letter(
        chosen.email, chosen.cell, subject, body, _html(subject, body, chosen.language), notice.template,
        chosen.language, values, _digest(notice),
    )  # fmt: skip
    return channels.mail.send(letter)


def _write_down(store: Store, notice: Notice, claimed: _Record, attempt: Attempt, now: int) -> _Record:
    """The outcome, and the credit back if it was surely not used. The lease is ours, so a conflict is none of another
    sender's doing before it has run out; then that one's word stands."""
    attempts = (*claimed.attempts, attempt)
    state = SENT if attempt.outcome == SENT else WAITING
    written = claimed._replace(state=state, attempts=attempts, leased_until=0)
    unused = attempt.channel == SUBSCRIBE and attempt.outcome not in (SENT, UNKNOWN, NO_CREDIT)
    back = (credit_ledger.returned(notice.member_id, notice.template),) if unused else ()
    log.line("info", "notification tried", template=notice.template, channel=attempt.channel, outcome=attempt.outcome,
             delivery=claimed.key.sort)  # fmt: skip
    try:
        store.commit(_change(notice, written, now), *back)
    except CommitConflict as conflict:
        raise NotDeliveredYet(retry_after=RETRY_SECONDS) from conflict
    if attempt.outcome == NO_CREDIT:
        credit_ledger.zero(store, notice.member_id, notice.template)
    return written._replace(version=claimed.version + 1)


def _after_a_crash(record: _Record, now: int) -> _Record:
    """An attempt whose sender is still at it is left alone; one whose sender is gone is unknown."""
    if record.leased_until > now:
        raise NotDeliveredYet(retry_after=record.leased_until - now)
    *before, cut_short = record.attempts
    return record._replace(state=WAITING, attempts=(*before, cut_short._replace(outcome=UNKNOWN)))


def _settle(store: Store, notice: Notice, record: _Record, state: str, now: int) -> _Record:
    settled = record._replace(state=state, leased_until=0)
    try:
        store.commit(_change(notice, settled, now))
    except CommitConflict:
        raise NotDeliveredYet(retry_after=RETRY_SECONDS) from None
    return settled._replace(version=record.version + 1)


def _change(notice: Notice, record: _Record, now: int, trying: str = "") -> Change:
    attempts = [attempt._asdict() for attempt in record.attempts]
    if trying:
        attempts.append(Attempt(trying, SENDING, now)._asdict())
    before = record.held.get("attempts", [])
    attempts = [{**(before[n] if n < len(before) else {}), **each} for n, each in enumerate(attempts)]
    fields: dict[str, Any] = {**record.held, "template": notice.template, "state": record.state, "attempts": attempts,
                              "leased_until": record.leased_until}  # fmt: skip
    if record.version == 0:
        return Create(record.key, fields, expires_at=now + LOG_SECONDS)
    return Replace(record.key, fields, record.version, expires_at=now + LOG_SECONDS)


def _record_of(store: Store, notice: Notice) -> _Record:
    key = Key(f"delivery#{notice.member_id}", f"{notice.template}#{_digest(notice)}")
    item = store.get(key)
    return _Record(key, 0, WAITING, (), 0) if item is None else _read(item)


def _read(item: Item) -> _Record:
    fields = item.fields
    attempts = tuple(Attempt(*(attempt[name] for name in Attempt._fields)) for attempt in fields["attempts"])
    return _Record(item.key, item.version, fields["state"], attempts, fields["leased_until"], fields)


def _delivery(record: _Record) -> Delivery:
    last = next((attempt.channel for attempt in record.attempts[::-1] if attempt.outcome == record.state), "")
    return Delivery(record.key.sort.split("#", 1)[1], record.state, last)


def _digest(notice: Notice) -> str:
    whole = f"{notice.member_id}\n{notice.template}\n{notice.cause}"
    return hashlib.sha256(whole.encode()).hexdigest()[:32]


def _html(subject: str, body: str, language: str) -> str:
    from html import escape

    paragraphs = "".join(f"<p>{escape(each)}</p>" for each in body.split("\n\n"))
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{escape(subject)}</title></head>'
        f"<body>{paragraphs}</body></html>"
    )
