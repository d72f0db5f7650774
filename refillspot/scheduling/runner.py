"""Does what is due, for as long as it runs: where no cron is, as in a container."""

from __future__ import annotations

import signal
import subprocess
import time
from typing import TYPE_CHECKING, NoReturn

from refillspot.clock import write_kst
from refillspot.language import gettext as _
from refillspot.readable import say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from types import FrameType

    from refillspot.scheduling.jobs import Job

LONGEST_SLEEP = 60.0  # seconds: a machine that was suspended looks at the clock soon after it wakes


def run_daily(
    jobs: Sequence[Job],
    program: Sequence[str],
    now: Callable[[], datetime],
    sleep: Callable[[float], None] = time.sleep,
) -> NoReturn:
    """Run each job when it is due, one after another; one that was missed once, however often it was.

    Ctrl-C and SIGTERM end it: what is under way is asked to end, and waited for.

    Raises:
        KeyboardInterrupt: so it was ended.
    """
    running, begun = _Running(), dict.fromkeys(jobs, now())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, running.end)
    while True:
        due, job = min(((one.next_after(begun[one]), one) for one in jobs), key=lambda pair: pair[0])
        say(_("next: {job}, {time} KST").format(job=job.name, time=write_kst(due)))
        while (seconds := (due - now()).total_seconds()) > 0:
            sleep(min(seconds, LONGEST_SLEEP))
        begun[job] = now()
        for command in job.commands:
            code = running.run((*program, *command))
            say(_("{command} ended with {code}").format(command=f"scrapy {command[0]}", code=code))
            if code not in job.well:
                break


class _Running:
    """The command that is under way, which hears of a signal once."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._is_busy = self._is_ending = self._is_told = False

    def run(self, command: Sequence[str]) -> int:
        """Return its exit code."""
        self._is_busy = True
        # a session of its own: Ctrl-C at a terminal would reach it beside what it is told here, as a second one
        self._process = subprocess.Popen(command, start_new_session=True)  # noqa: S603  # it is this program
        self._tell()
        code = self._process.wait()
        self._process, self._is_busy = None, False
        if self._is_ending:
            raise KeyboardInterrupt
        return code

    def end(self, _number: int, _frame: FrameType | None) -> None:
        self._is_ending = True
        self._tell()
        if not self._is_busy:
            raise KeyboardInterrupt

    def _tell(self) -> None:
        if self._process and self._is_ending and not self._is_told:
            self._is_told = True
            self._process.send_signal(signal.SIGTERM)
