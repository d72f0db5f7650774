"""Text of others for people's eyes: it can be read, and does nothing to a terminal or a log.

Every output for people goes through here: records of logs (`refillspot.logs`), what commands print (`say`), and the
tables and panels of rich (`refillspot.terminal`).
"""

from __future__ import annotations

import re
import sys
from typing import IO

ACTING = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f"  # steer a terminal: ESC, CSI, CR …
    r"\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b\u200c\u200e\u200f"  # cannot be seen
    r"\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # break lines, and turn the direction of what follows
    r"\ud800-\udfff"  # halves of a character
    r"\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f]"
)
"""Unicode's categories Cc, Cf, Cs, Zl and Zp, without tab, line feed and the joiner of emoji."""
INDENT = "    "


def readable(text: str) -> str:
    r"""Return a text whose invisible and acting characters are written as JSON writes them, "\u001b"; lines stay."""
    return text if text.isprintable() else ACTING.sub(_escaped, text)


def one_line(text: str) -> str:
    """Return a readable text with its line breaks written out too: none can begin a line of its own."""
    return readable(text).replace("\n", "\\n")


def indented(text: str) -> str:
    """Return a readable text whose further lines cannot be taken for the first line of another entry."""
    return readable(text).replace("\n", f"\n{INDENT}")


def say(text: object, file: IO[str] | None = None, *, flush: bool = False) -> None:
    """Print for people; JSON stays the JSON that it is."""
    print(readable(str(text)), file=file or sys.stdout, flush=flush)  # the one place that does


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
