"""How a command tells an error that refillspot raised on purpose.  No class here: Scrapy would list it as a command."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from refillspot.exceptions import CrawlIdError, RefillspotError
from refillspot.language import gettext as _
from refillspot.readable import indented, say
from refillspot.redaction import scrub

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapy.commands import ScrapyCommand


@contextmanager
def told_on_stderr(command: ScrapyCommand) -> Iterator[None]:
    """Print a RefillspotError as one message, without a traceback, and let the program exit with 1.

    With 2, wrong usage, if it is an id that no crawl can have. Any other error ends the program with a traceback that
    is as harmless as a log.
    """
    from refillspot.logs import scrub_logs

    scrub_logs()
    try:
        yield
    except RefillspotError as error:
        say(_("Error: {error}").format(error=indented(scrub(str(error)))), file=sys.stderr)
        command.exitcode = 2 if isinstance(error, CrawlIdError) else 1
