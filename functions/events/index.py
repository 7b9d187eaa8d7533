"""Events: tell the consumers what was committed. By the table's stream on AWS, woken by the commit on Tencent."""

from typing import Any

from twinshore import log, triggers, wiring


def main_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    wiring.bind_log("events", context)
    if "Records" in event:
        return triggers.on_stream(event, wiring.consumers())
    said = triggers.on_wake(event, wiring.store(), wiring.consumers())
    log.line("info", "events delivered", **said)
    return said
