"""Text of others for people's eyes: it can be read, and does nothing to a terminal or a log.

Every output for people goes through here: records of logs (`refillspot.logs`), what commands print (`say`), and the
tables and panels of rich (`refillspot.terminal`). What the encoding of a terminal lacks is replaced, as wide as it was.
"""

from __future__ import annotations

import atexit
import codecs
import errno
import json
import os
import re
import select
import sys
from contextlib import suppress
from functools import partial
from io import TextIOWrapper
from shutil import get_terminal_size
from typing import IO, TYPE_CHECKING

from refillspot.language import gettext as _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    ExceptHook = Callable[[type[BaseException], BaseException, TracebackType | None], object]

ACTING = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f"  # steer a terminal: ESC, CSI, CR …
    r"\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b\u200c\u200e\u200f"  # cannot be seen
    r"\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # break lines, and turn the direction of what follows
    r"\ud800-\udfff"  # halves of a character
    r"\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f]"
)
"""Unicode's categories Cc, Cf, Cs, Zl and Zp, without tab, line feed and the joiner of emoji."""
INDENT = "    "
REPLACED = "refillspot.replaced"  # the name of an error handler, as "replace" is one
ALIKE = str.maketrans("→…–—−×÷·≥≤‘’“”", ">.---x/.><''\"\"")
"""Of the signs in messages, one of ASCII that is as wide."""
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""What a disk says that is full, and who may not write more to it."""
WORD = re.compile(r"(\s*)(\S+)")  # and what is before it
JOINED = re.compile(r"(?:\u200d.|[\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff])+")
"""What makes one sign with an emoji before it."""


def readable(text: str) -> str:
    r"""Return a text whose invisible and acting characters are written as JSON writes them, "\u001b"; lines stay."""
    return text if text.isprintable() else ACTING.sub(_escaped, text)


def one_line(text: str) -> str:
    """Return a readable text with its line breaks written out too: none can begin a line of its own."""
    return readable(text).replace("\n", "\\n")


def indented(text: str) -> str:
    """Return a readable text whose further lines cannot be taken for the first line of another entry."""
    return readable(text).replace("\n", f"\n{INDENT}")


def say(text: object, file: IO[str] | None = None, *, flush: bool = False, whole: bool = False) -> None:
    """Print for people; on a terminal lines are broken between words, unless they are for a program: then `whole`.

    Raises:
        OSError: nobody reads the output any more, see `has_left`. What is said beside it, on stderr, may go unread.
    """
    out, told = file or sys.stdout, readable(str(text))
    try:
        print(told if whole else fitted(told, out), file=out, flush=flush)  # the one place that does
    except OSError as error:
        if out is not sys.stderr or not has_left(error):
            raise
        discard(out)


def say_json(value: object) -> None:
    """Print JSON in one line, with numbers that somebody can read.

    Where the encoding lacks a letter, all of them are written as JSON's escapes.
    """
    value = _rounded(value)
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value)
    say(text, whole=True)


def fitted(text: str, stream: IO[str]) -> str:
    """Return a text for a stream: if that is a terminal, with lines that it need not break."""
    if not stream.isatty():
        return text
    width = get_terminal_size().columns
    return "\n".join(part for line in text.split("\n") for part in fold(line, width))


def fold(line: str, width: int) -> Iterator[str]:
    """Yield the lines of at most `width` columns that a line becomes, indented like it; a longer word has its own."""
    if 2 * len(line) <= width:
        yield line
        return
    from rich.cells import cell_len  # noqa: PLC0415  # not at each start

    indent = line[: len(line) - len(line.lstrip())]
    begun, columns = "", 0
    for gap, word in WORD.findall(line):
        more = cell_len(gap) + cell_len(word)
        if begun and columns + more > width:
            yield begun
            begun, columns = f"{indent}{word}", cell_len(indent) + cell_len(word)
        else:
            begun, columns = f"{begun}{gap}{word}", columns + more
    yield begun


def _rounded(value: object) -> object:
    """Return JSON without the digits that no measurement has; a coordinate keeps its seven, a centimetre."""
    match value:
        case float():
            return round(value, 7 if abs(value) < 1000 else 3)
        case dict():
            return {name: _rounded(part) for name, part in value.items()}
        case list() | tuple():
            return [_rounded(part) for part in value]
    return value


# --- the streams


def prepare_streams() -> None:
    """Let stdout and stderr replace what their encoding lacks, and end quietly where nobody reads them.

    Where they lead to a disk that is full, the program ends with a sentence and 1. Idempotent.
    A stream that was closed before the start is there, and leads nowhere.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115  # for as long as it runs
        else:
            replace_what_lacks(stream)
    atexit.unregister(_flush)
    atexit.register(_flush)
    if getattr(sys.excepthook, "func", None) is not _told_if_read:
        sys.excepthook = partial(_told_if_read, sys.excepthook)  # Scrapy prints, too


def replace_what_lacks(stream: object) -> None:
    """Let a text stream, of whatever encoding, be written every text to."""
    if isinstance(stream, TextIOWrapper) and stream.errors != REPLACED:
        stream.reconfigure(errors=REPLACED)


def has_left(error: BaseException) -> bool:
    """Tell whether an error of writing says that whoever read has left: Windows may call that an invalid argument."""
    if isinstance(error, BrokenPipeError):
        return True
    is_invalid = isinstance(error, OSError) and error.errno == errno.EINVAL and error.filename is None
    return is_invalid and sys.platform == "win32"


def is_full(error: BaseException) -> bool:
    """Tell whether an error of writing says that there is no room; of a file with a name somebody else tells."""
    return isinstance(error, OSError) and error.errno in FULL and error.filename is None


def give_up(error: OSError, stream: IO[str]) -> None:
    """Write no more to a stream that cannot be written to: quietly where nobody reads it, else with a sentence.

    Raises:
        OSError: the error, which is another one.
    """
    if not (has_left(error) or is_full(error)):  # whoever closes a pipe, as `head` does, has seen enough
        raise error
    discard(stream)  # what it still holds would be tried again
    if is_full(error):
        told = _("Error: the output cannot be written: {reason}. Make room, or write it elsewhere.")
        with suppress(OSError):  # stderr is full, too
            say(told.format(reason=_(error.strerror) if error.strerror else error), file=sys.stderr, flush=True)


def discard(stream: IO[str]) -> None:
    """Let what a stream still holds, and all that follows, go nowhere: Python flushes once more when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            give_up(error, stream)
            if is_full(error):
                os._exit(1)  # it is too late for another exit code


def _told_if_read(
    told: ExceptHook, kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if isinstance(error, OSError) and is_full(error):
        give_up(error, sys.stdout)
    elif not has_left(error) or not _is_unread(sys.stdout):
        told(kind, error, trace)


def _is_unread(stream: IO[str]) -> bool:
    """Tell whether a stream leads into a pipe whose reader has left; on Windows, whether it leads elsewhere at all."""
    if sys.platform == "win32":  # which cannot be asked
        return not stream.isatty()
    ends = select.poll()
    ends.register(stream, 0)
    return any(event & select.POLLERR for _descriptor, event in ends.poll(0))


def _replaced(error: UnicodeError) -> tuple[str, int]:
    """Return what stands for letters that an encoding lacks, in as many columns as they take."""
    from rich.cells import cell_len  # noqa: PLC0415  # rarely needed, and not at each start

    assert isinstance(error, UnicodeEncodeError)  # noqa: S101  # the handler is for writing alone
    joined = JOINED.match(error.object, error.end)
    end = joined.end() if joined else error.end
    lacking = error.object[error.start : end].translate(ALIKE)
    return re.sub(r"[^\x00-\x7f]+", lambda found: "?" * cell_len(found[0]), lacking), end


codecs.register_error(REPLACED, _replaced)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
