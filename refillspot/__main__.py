"""`refillspot …`: `scrapy …` with the settings of this project, from whatever folder."""

from __future__ import annotations

import os
from pathlib import Path

from refillspot.interruption import tell_interrupts


def main() -> None:
    tell_interrupts()  # before Scrapy is imported, which takes longest
    os.environ.setdefault("SCRAPY_SETTINGS_MODULE", "refillspot.settings")
    if not any((folder / "scrapy.cfg").is_file() for folder in (Path.cwd(), *Path.cwd().parents)):
        os.environ.setdefault("REFILLSPOT_HOME", str(Path.home() / ".refillspot"))  # else one in each folder
    from scrapy.cmdline import execute  # noqa: PLC0415  # see above

    execute()


if __name__ == "__main__":
    main()
