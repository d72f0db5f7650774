"""`refillspot …`: `scrapy …` with the settings of this project, from whatever folder."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules

from refillspot.interruption import tell_interrupts
from refillspot.language import did_you_mean
from refillspot.language import gettext as _
from refillspot.readable import say


def main() -> None:
    tell_interrupts()  # before Scrapy is imported, which takes longest
    os.environ.setdefault("SCRAPY_SETTINGS_MODULE", "refillspot.settings")
    if not any((folder / "scrapy.cfg").is_file() for folder in (Path.cwd(), *Path.cwd().parents)):
        os.environ.setdefault("REFILLSPOT_HOME", str(Path.home() / ".refillspot"))  # else one in each folder
    if name := next((argument for argument in sys.argv[1:] if not argument.startswith("-")), None):
        _check_command(name)
    from scrapy.cmdline import execute  # noqa: PLC0415  # see above

    execute()


def _check_command(name: str) -> None:
    """End the program with 2 where there is no such command: Scrapy does not say which one is near."""
    packages = [spec for spec in map(find_spec, ("refillspot", "scrapy")) if spec]  # without importing them
    folders = [folder for spec in packages for folder in spec.submodule_search_locations or ()]
    names = [found.name for found in iter_modules(f"{folder}/commands" for folder in folders)]
    if name not in names:
        told = _("There is no command {name}: see refillspot -h.").format(name=name)
        say(told + did_you_mean(name, names), file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
