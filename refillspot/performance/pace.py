"""How fast a fleet asks under its budget, by the log of the one who is asked."""

from __future__ import annotations

import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from refillspot.exceptions import MeasurementError
from refillspot.language import gettext as _
from refillspot.sandbox.scratch import clean_ground

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refillspot.performance.stage import Stage

START_SECONDS = 30.0  # until the first request
POLL_SECONDS = 0.1


def watch_pace(stage: Stage) -> float:
    """Return the requests a second that the site saw.

    Raises:
        MeasurementError: there were none, or one.
    """
    conditions = stage.conditions
    with clean_ground(stage.servers, "perf") as ground, stage.site(conditions.city) as site:
        with stage.fleet(ground, site, conditions.requests_per_second) as fleet:
            deadline = time.monotonic() + START_SECONDS
            while not site.log() and fleet.poll() is None and time.monotonic() < deadline:
                time.sleep(POLL_SECONDS)
            with suppress(subprocess.TimeoutExpired):
                fleet.wait(conditions.pace_seconds)
            arrivals = [entry["arrived"] for entry in site.log()]
        if len(arrivals) < 2:
            raise MeasurementError(
                _("the site was asked {count} times in {seconds:.0f} s: see {log}").format(
                    count=len(arrivals), seconds=conditions.pace_seconds, log=stage.log(ground)
                )
            )
        return rate(arrivals)


def rate(arrivals: Sequence[float]) -> float:
    """Return arrivals a second, from the first to the last of them."""
    return (len(arrivals) - 1) / (arrivals[-1] - arrivals[0])
