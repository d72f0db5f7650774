"""The log of a plain `scrapy crawl`: all of it in a file, and on the terminal what a person wants to know.

Whoever says how to log, with -L, --logfile, --nolog or a setting, has Scrapy's log as Scrapy writes it. The file is
Scrapy's LOG_FILE too: one a run, so that nothing is renamed while it is open, which Windows refuses.
"""

from __future__ import annotations

import logging
import sys
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

from refillspot.exceptions import RefillspotError
from refillspot.logs import open_log
from refillspot.readable import fitted
from refillspot.services.ownership import claim_home

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from scrapy.settings import BaseSettings

KEPT = 30  # files of crawls in the directory of logs; the oldest go when another begins
LIKE = "crawl-*.log"
OF_FLEETS = ("worker-*.log", "worker-*.jsonl", "fleet-*.jsonl")
OLD_DAYS = 90  # since the last line of a fleet's logs, which stay for so long
LEVEL = "INFO"  # of `refillspot.settings`: another was chosen
FEW = 3  # warnings of one logger on the terminal; each oddity of an answer is one
FORMAT, TIME = "%(asctime)s %(levelname)s: %(message)s", "%H:%M:%S"
OURS = "refillspot"
SIGN_OF_LIFE = "scrapy.extensions.logstats"
SIGNALS = "scrapy.crawler"  # which says that Ctrl-C was heard


def choose_log_file(settings: BaseSettings, home: Path, now: datetime, pid: int) -> Path | None:
    """Let Scrapy log to a new file in the home; None: it is chosen already how to log, or no file can be made there."""
    if _is_chosen(settings):
        return None
    directory = home / "logs"
    path = directory / f"crawl-{now:%Y%m%d-%H%M%S}-{pid}.log"
    try:
        claim_home(home)
        directory.mkdir(mode=0o700, exist_ok=True)
        _remove_oldest(directory)
        open_log(path).close()
    except (OSError, RefillspotError):  # of a crawl that needs no home: then it logs to stderr
        return None
    settings.set("LOG_FILE", str(path), priority="command")
    return path


def remove_old_logs(directory: Path, before: datetime, *, is_trial: bool = False) -> int:
    """Remove the logs of fleets that wrote the last line of them before then; return of how many crawls.

    What is no log stays, and so does its directory.

    Raises:
        OSError: it is not allowed.
    """
    count = 0
    for crawl in (path for path in directory.glob("*") if path.is_dir() and not path.is_symlink()):
        logs = [log for pattern in OF_FLEETS for log in crawl.glob(pattern)]
        if not logs or max(log.stat().st_mtime for log in logs) >= before.timestamp():
            continue
        count += 1
        if not is_trial:
            for log in logs:
                log.unlink(missing_ok=True)
            with suppress(OSError):  # something else is in it
                crawl.rmdir()
    return count


def _is_chosen(settings: BaseSettings) -> bool:
    is_by_hand = (settings.getpriority("LOG_LEVEL") or 0) > (settings.getpriority("BOT_NAME") or 0)
    return bool(
        is_by_hand
        or settings["LOG_LEVEL"] != LEVEL
        or settings["LOG_FILE"]
        or settings.getbool("LOG_STDOUT")
        or not settings.getbool("LOG_ENABLED")
    )


def _remove_oldest(directory: Path) -> None:
    logs = sorted(directory.glob(LIKE), key=lambda log: log.stat().st_mtime, reverse=True)
    for log in logs[KEPT - 1 :]:
        with suppress(OSError):  # open in another process, on Windows; or gone already
            log.unlink()


class BriefConsole(logging.StreamHandler[TextIO]):
    """Prints what this project says, and warnings of anybody; of many of one kind, the first few."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)
        self.setLevel(LEVEL)
        self.setFormatter(logging.Formatter(FORMAT, TIME))
        self._warnings: Counter[str] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno == logging.WARNING:
            self._warnings[record.name] += 1
            return self._warnings[record.name] <= FEW + 1
        return record.levelno > logging.WARNING or _is_for_people(record)

    def format(self, record: logging.LogRecord) -> str:
        if record.levelno == logging.WARNING and self._warnings[record.name] > FEW:
            told = logging.makeLogRecord({**vars(record), "args": None, "exc_info": None, "exc_text": None})
            told.msg = f"more of this kind are in the log only ({record.name})"
            record = told
        return fitted(super().format(record), self.stream)


def _is_for_people(record: logging.LogRecord) -> bool:
    return (
        record.name.partition(".")[0] == OURS
        or record.name == SIGN_OF_LIFE
        or (record.name == SIGNALS and record.getMessage().startswith("Received"))
    )
