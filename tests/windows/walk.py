"""Run commands one after the other: `python -m tests.windows.walk`, lines of JSON on stdin.

Answers with a line of JSON for each: `[exit code, output]`; with `all` every module is imported first, and named.
"""

from __future__ import annotations

import io
import json
import pkgutil
import sys
import traceback
from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module

from scrapy.cmdline import execute

PACKAGES = ("refillspot", "replica")
RUN_NOT_IMPORTED = {"replica.__main__", "refillspot.settings"}  # the commands read the settings


def import_all() -> list[str]:
    found = [one.name for name in PACKAGES for one in pkgutil.walk_packages(import_module(name).__path__, f"{name}.")]
    for name in found:
        if name not in RUN_NOT_IMPORTED:
            import_module(name)
    return found


def run(line: list[str]) -> tuple[object, str]:
    """Run a command as `scrapy` does, and return its exit code and what it said."""
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        try:
            execute(["scrapy", *line])
        except SystemExit as end:
            return end.code, said.getvalue()
        except Exception:  # noqa: BLE001  # it is the answer
            return "traceback", said.getvalue() + traceback.format_exc()
    return None, said.getvalue()


if __name__ == "__main__":
    if sys.argv[1:] == ["all"]:
        sys.stdout.write(f"{json.dumps(import_all())}\n")
    for text in sys.stdin:
        sys.stdout.write(f"{json.dumps(run(json.loads(text)))}\n")
