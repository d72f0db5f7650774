"""Runs several command lines of Scrapy one after another in one process: `python -m tests.command_lines JSON`.

What each prints, on both streams, stands below a line that begins with FORM_FEED and names it.
"""

from __future__ import annotations

import json
import shlex
import sys
import traceback

from scrapy.cmdline import execute

FORM_FEED = "\f"


def main() -> None:
    lines, sys.argv = json.loads(sys.argv[1]), ["scrapy"]
    for line in lines:
        sys.stdout.write(f"{FORM_FEED}scrapy {shlex.join(line)}\n")
        sys.stdout.flush()
        try:
            execute(["scrapy", *line])
        except SystemExit as ended:
            sys.stdout.write(f"[{ended.code}]\n")
        except Exception:  # noqa: BLE001  # whatever a command breaks with is what is looked for
            traceback.print_exc(file=sys.stdout)
        sys.stdout.flush()
        sys.stderr.flush()


if __name__ == "__main__":
    main()
