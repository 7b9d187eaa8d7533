"""Schedule: one job for each timer."""

from typing import Any

from twinshore import triggers, wiring


def main_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    wiring.bind_log("schedule", context)
    return triggers.run_job(triggers.job_of(event, wiring.cloud()), wiring.jobs(), wiring.now())
