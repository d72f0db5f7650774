"""Log files of Scrapy, whatever system wrote them."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import TYPE_CHECKING

from refillspot.exceptions import ArgumentError
from refillspot.language import gettext as _
from refillspot.review.scrapy_logs import read_runs

if TYPE_CHECKING:
    from refillspot.stats.worker_stats import WorkerStats

UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # what `>` of Windows PowerShell writes


def read_log(path: str) -> list[WorkerStats]:
    """Return what each run that a log tells of has counted; none where the log has no stats.

    Raises:
        ArgumentError: the file cannot be read.
    """
    file = Path(path)
    try:
        with file.open("rb") as start:
            encoding = "utf-16" if start.read(2) in UTF_16 else "utf-8-sig"
        with file.open(encoding=encoding, errors="replace") as lines:
            return read_runs(lines, path)
    except OSError as error:
        raise ArgumentError(_("{file} cannot be read: {reason}").format(file=path, reason=error.strerror)) from error
