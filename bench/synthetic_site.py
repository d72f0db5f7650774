"""A replica of the site in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

from bench.site import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class SyntheticSite:
    url: str

    def log(self, since: int = 0) -> list[dict[str, Any]]:
        """Return the requests after number `since`."""
        with urlopen(f"{self.url}/_log?since={since}") as answer:
            return [json.loads(line) for line in answer if line.strip()]

    def set_fault(self, **fault: Any) -> None:
        """Let this be the only fault."""
        with urlopen(Request(f"{self.url}/_faults", method="DELETE")):
            pass
        with urlopen(Request(f"{self.url}/_faults", data=json.dumps(fault).encode(), method="POST")):
            pass


@contextmanager
def running_replica(*options: str) -> Iterator[SyntheticSite]:
    command = [sys.executable, "-m", "replica", "--until-stdin-closes", *options]
    with subprocess.Popen(
        command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        assert process.stdin
        assert process.stdout
        try:
            yield SyntheticSite(next(word for word in process.stdout.readline().split() if word.startswith("http://")))
        finally:
            process.stdin.close()
