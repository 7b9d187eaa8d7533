"""How the door shows a day: JSON, or a document for whoever asks for one by `Accept`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterable

from twinshore.reconciliation import report, report_text

if TYPE_CHECKING:
    from twinshore.store.port import Store

HTML, MARKDOWN = "text/html", "text/markdown"


def told(store: Store, provider: str, day: str, language: str) -> dict[str, Any]:
    """The facts, and the same for a person to read. Raises DayNotReconciled."""
    facts = report.facts(store, provider, day, language)
    return {**facts, "report": report_text.markdown(report_text.document(facts, language))}


def told_of_all(store: Store, providers: Iterable[str], day: str, language: str) -> dict[str, Any]:
    days = report.overview(store, providers, day, language)
    text = report_text.markdown(report_text.day_document(days, day, language))
    return {"day": day, "providers": days, "report": text}


def shown(told: dict[str, Any], accept: str, language: str) -> tuple[bytes, str] | None:
    """The document and its content type; None for whoever takes JSON. `told`: of one provider, or of all."""
    first = accept.partition(",")[0].partition(";")[0].strip().lower()
    if first == MARKDOWN:
        return told["report"].encode(), f"{MARKDOWN}; charset=utf-8"
    if first == HTML:
        if "providers" in told:
            pieces = report_text.day_document(told["providers"], told["day"], language)
        else:
            pieces = report_text.document(told, language)
        return report_text.html(pieces, language).encode(), f"{HTML}; charset=utf-8"
    return None
