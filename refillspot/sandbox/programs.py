"""Programs of the replica's package, which this one does not import: each says a line when it is ready."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from refillspot.exceptions import ServiceUnavailableError
from refillspot.language import gettext as _

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parents[2]


@dataclass(slots=True, frozen=True)
class Program:
    said: str
    """Its first line: where it is."""
    to: IO[str]
    come: IO[str]

    def tell(self, line: str) -> str:
        """Return its answer to a line."""
        self.to.write(f"{line}\n")
        self.to.flush()
        return self.come.readline()


@contextmanager
def running_program(module: str, *options: str) -> Iterator[Program]:
    """Start `python -m MODULE`, and let it end at the end, by closing its stdin.

    Raises:
        ServiceUnavailableError: it does not start.
    """
    with subprocess.Popen(  # noqa: S603  # this project's own program
        [sys.executable, "-m", module, *options],
        cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
    ) as process:  # fmt: skip
        assert process.stdin and process.stdout  # noqa: S101, PT018  # both are pipes
        try:
            if not (line := process.stdout.readline()):
                raise ServiceUnavailableError(
                    _("`python -m {module}` did not start: run it by hand to see why").format(module=module)
                )
            yield Program(line, process.stdin, process.stdout)
        finally:
            process.stdin.close()  # it ends itself; Popen waits for that
