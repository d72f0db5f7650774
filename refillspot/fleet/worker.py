"""One worker: a `scrapy crawl` in a process of its own, with a log file of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil

from refillspot.interruption import ENDS_WITH_PARENT
from refillspot.logs import open_log
from refillspot.process import resident_mib

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

WINDOWS = sys.platform == "win32"


class Worker:
    """Stays itself over restarts: the same place in the fleet, the same log file."""

    def __init__(self, number: int, command: Sequence[str], directory: Path, log: Path) -> None:
        self.number = number
        self.log = log
        self.starts = 0
        self._command = list(command)
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0

    def start(self) -> None:
        # A group of its own, or Ctrl-C at the terminal would reach it beside the fleet's own signal, as a second one
        flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
        with open_log(self.log) as log:
            self._process = subprocess.Popen(  # noqa: S603  # this project's own program
                self._command,
                cwd=self._directory,
                stdin=subprocess.PIPE,  # closed when this process ends, even by kill -9
                stdout=log,
                stderr=log,
                # its log is read here, whatever the terminal's encoding is
                env=os.environ | {"PYTHONIOENCODING": "utf-8", ENDS_WITH_PARENT: "1"},
                start_new_session=not WINDOWS,
                creationflags=flags,
            )
        self.starts += 1
        self._started_at = time.monotonic()

    @property
    def last_words(self) -> str:
        """The last line of its log, which says how it ended."""
        try:
            lines = self.log.read_text("utf-8", "replace").splitlines()
        except OSError:
            return ""
        return lines[-1] if lines else ""

    @property
    def pid(self) -> int | None:
        """None before it was started."""
        return self._process.pid if self._process else None

    @property
    def exit_code(self) -> int | None:
        """None while it runs, or before it was started."""
        return self._process.poll() if self._process else None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def seconds_alive(self) -> float:
        return time.monotonic() - self._started_at

    @property
    def memory_mb(self) -> float:
        """Resident memory in MiB; 0 when it does not run."""
        if not self.is_running or self._process is None:
            return 0.0
        try:
            return resident_mib(psutil.Process(self._process.pid))
        except psutil.Error:
            return 0.0

    def stop(self) -> None:
        """Ask it to finish what it has in hand. A second call makes it stop at once."""
        if self.is_running and self._process:
            self._process.send_signal(getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM))

    def kill(self) -> None:
        if self._process and self.is_running:
            self._process.kill()

    def wait(self, seconds: float) -> bool:
        """Return whether it ended within `seconds`."""
        if self._process is None:
            return True
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True
