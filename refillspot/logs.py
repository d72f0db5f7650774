"""Log lines: without secrets, none that another one can forge, and as JSON beside those for people."""

from __future__ import annotations

import logging
import os
import sys
import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import msgspec

from refillspot.readable import indented, readable, replace_what_lacks
from refillspot.redaction import scrub

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType


class Origin(NamedTuple):
    """Where a line comes from; None before a crawl was joined."""

    crawl: str | None = None
    worker: str | None = None


class JsonLine(msgspec.Struct):
    time: str
    """ISO 8601, UTC, to the millisecond."""
    level: str
    logger: str
    message: str
    crawl: str | None
    worker: str | None
    exception: str | None
    """Traceback."""


class ScrubbedRecord(logging.LogRecord):
    """Has its message and its traceback readable and without secrets, whichever handler writes them.

    What others say in them can neither steer a terminal nor begin a line: further lines are indented.

    Handlers take a record's message from `getMessage`, and a traceback from `exc_text`, where the first of them put it.
    """

    _exc_text: str | None = None

    def getMessage(self) -> str:  # noqa: N802  # logging's name
        return indented(scrub(super().getMessage()))

    @property
    def exc_text(self) -> str | None:
        return self._exc_text

    @exc_text.setter
    def exc_text(self, text: str | None) -> None:
        self._exc_text = indented(scrub(text)) if text else None


class JsonLines(logging.Formatter):
    def __init__(self, origin: Callable[[], Origin]) -> None:
        super().__init__()
        self._origin = origin

    def format(self, record: logging.LogRecord) -> str:
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        line = JsonLine(
            time=datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            level=record.levelname,
            logger=record.name,
            message=record.getMessage(),
            exception=record.exc_text,
            **self._origin()._asdict(),
        )
        return msgspec.json.encode(line).decode()


def scrub_logs() -> None:
    """Let nothing that this process logs, nor the traceback that it may end with, show a secret or act.

    What the encoding of a log lacks is replaced, of the handlers that there are.
    """
    logging.setLogRecordFactory(ScrubbedRecord)
    for handler in logging.root.handlers:
        replace_what_lacks(getattr(handler, "stream", None))
    sys.excepthook = _print_scrubbed


def open_log(path: Path) -> BinaryIO:
    """Open a log of our own to be continued: for us alone to read, and never through a link."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    log = open(os.open(path, flags, 0o600), "ab")  # noqa: PTH123, SIM115  # Path.open takes no opener
    if sys.platform != "win32":
        os.fchmod(log.fileno(), 0o600)  # one of an earlier run may be open to others
    return log


def write_json_log(path: Path | str, level: str, origin: Callable[[], Origin]) -> None:
    """Append what this process logs from now on to a file, a JSON object a line; a new file is for us alone to read."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    handler = logging.FileHandler(path, encoding="utf-8", errors="backslashreplace")
    handler.setLevel(level)
    handler.setFormatter(JsonLines(origin))
    logging.root.addHandler(handler)


def _print_scrubbed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sys.stderr.write(readable(scrub("".join(traceback.format_exception(kind, error, trace)))))
