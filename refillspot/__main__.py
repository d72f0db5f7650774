"""`refillspot …`: `scrapy …` with the settings of this project, from whatever folder."""

from __future__ import annotations

import configparser
import os
import sys
from pathlib import Path
from typing import NoReturn

from refillspot.interruption import tell_interrupts
from refillspot.language import gettext as _
from refillspot.readable import indented, say


def main() -> None:
    tell_interrupts()  # before Scrapy is imported, which takes longest
    settings = os.environ.setdefault("SCRAPY_SETTINGS_MODULE", "refillspot.settings")
    if not any((folder / "scrapy.cfg").is_file() for folder in (Path.cwd(), *Path.cwd().parents)):
        os.environ.setdefault("REFILLSPOT_HOME", str(Path.home() / ".refillspot"))  # else one in each folder
    from scrapy.cmdline import execute  # noqa: PLC0415  # see above
    from scrapy.utils.project import get_project_settings  # noqa: PLC0415

    try:
        get_project_settings()  # as `execute` will
    except ImportError as error:
        told = _("SCRAPY_SETTINGS_MODULE={name} cannot be imported: {error}. Unset it for the settings of refillspot.")
        _refuse(told.format(name=settings, error=error))
    except configparser.Error as error:  # of every scrapy.cfg that is around
        _refuse(_("scrapy.cfg cannot be read: {error}").format(error=error))
    execute()


def _refuse(sentence: str) -> NoReturn:
    say(indented(sentence), file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    main()
