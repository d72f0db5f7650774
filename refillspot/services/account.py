"""The account of the embedded servers: our own, and under root one that nobody has. They learn nothing from us."""

from __future__ import annotations

import logging
import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from refillspot.logs import open_log
from refillspot.services.ownership import ROOT, hand_over, server_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

logger = logging.getLogger(__name__)

PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""Of our environment: what a program needs to start. Keys and passwords are no business of a server."""
ENTER_AND_RUN = 'cd "$1" && exec "$2" --version'


@dataclass(frozen=True)
class Account:
    """Whom a program runs as; not root: ourselves."""

    user: int
    group: int

    @classmethod
    def for_server(cls, program: Path, directory: Path) -> Account:
        """Choose who runs `program`, and give the files in `directory` to that account."""
        account = cls(os.geteuid(), os.getegid())
        if account.user != ROOT:
            return account
        number = server_id()
        if (own := cls(number, number)).can_run(program, directory.parent):
            account = own
        else:
            logger.warning(
                "%s runs with the rights of root over all files, as another account cannot run %s or cannot enter %s. "
                "Run refillspot as another user, or move both to where all may enter",
                program.name,
                program,
                directory.parent,
            )
        hand_over(directory, account.user)
        return account

    def can_run(self, program: Path, home: Path) -> bool:
        """Whether it may enter the home and run the program there: tried, as permissions have many sources."""
        try:
            tried = subprocess.run(  # noqa: S603 -- the program was found by binaries.py
                ["/bin/sh", "-c", ENTER_AND_RUN, "sh", str(home), str(program)],
                check=False,
                capture_output=True,
                cwd="/",
                env=environment(),
                **self._arguments(),
            )
        except (OSError, subprocess.SubprocessError):  # root without its capabilities, as in some containers
            return False
        return tried.returncode == 0

    def run(
        self, command: Sequence[str], directory: Path, lock: int, variables: Mapping[str, str] | None = None
    ) -> None:
        """Run a program of a server in its directory; it inherits `lock`, and writes into the log.

        Raises:
            CalledProcessError: it failed.
        """
        with open_log(directory / "log") as log:
            if os.geteuid() == ROOT:
                os.fchown(log.fileno(), self.user, self.group)
            subprocess.run(  # noqa: S603 -- the program was found by binaries.py
                command,
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=directory,
                env={**environment(), **(variables or {})},
                pass_fds=(lock,),
                umask=0o077,
                **self._arguments(),
            )

    def _arguments(self) -> dict[str, Any]:
        if os.geteuid() != ROOT or self.user == ROOT:
            return {}
        return {"user": self.user, "group": self.group, "extra_groups": []}


def environment() -> dict[str, str]:
    """Return the environment of a server's process."""
    return {name: os.environ[name] for name in PASSED_ON if name in os.environ}
