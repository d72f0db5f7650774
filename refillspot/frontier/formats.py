"""In which formats a queue was written, by which versions of refillspot, and whether this one can go on with it.

A format is "<layout of the keys>.<version of the codec>". Each queue says in which ones it was written. Whoever cannot
read one of them takes nothing from it: an entry of another version is no fault of the request.
"""

from __future__ import annotations

import re

from refillspot.exceptions import QueueFormatError
from refillspot.frontier import codec
from refillspot.language import gettext as _
from refillspot.process import program_version
from refillspot.shared.keys import LAYOUT

NOTED = re.compile(r"(\d{1,9}\.\d{1,9})/([\w.+!?-]{0,40})", re.ASCII)


def own_format() -> str:
    """Return what this program writes, "<format>/<version>"."""
    return f"{LAYOUT}.{codec.VERSION[0]}/{program_version()}"


def readable_formats() -> set[str]:
    """Return what this program can read, and drain to the end."""
    return {f"{LAYOUT}.{number[0]}" for number in codec.READABLE}


def check_formats(noted: str, crawl_id: str) -> None:
    """Make sure that this program can read a queue that was written in these formats, "1.3/0.1.0 1.4/0.2.0".

    Raises:
        QueueFormatError: it cannot, and which one can.
    """
    readable = readable_formats()
    for format_, program in NOTED.findall(noted):
        if format_ not in readable:
            written = {"id": crawl_id, "program": program or "?", "format": format_}
            own = {"own": program_version(), "formats": ", ".join(sorted(readable))}
            raise QueueFormatError(
                _(
                    "the queue of crawl {id} was written by refillspot {program} (format {format}), and this one, "
                    "{own} (format {formats}), cannot read that."
                ).format(**written, **own),
                _("Go on with that version, or give the crawl up with `scrapy crawls prune {id}`.").format(**written),
            )
