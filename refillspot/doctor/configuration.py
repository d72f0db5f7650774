"""What the environment and `.env` say, before any server is asked."""

from __future__ import annotations

import shlex
import stat
import sys
from typing import TYPE_CHECKING

from refillspot.doctor.finding import Finding
from refillspot.language import gettext as _

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refillspot.services import Environment

OPEN_TO_OTHERS = 0o007


def examine_configuration(environment: Environment) -> Iterator[Finding]:
    """Look for values that were never filled in."""
    for name in environment.placeholders:
        yield Finding(
            "settings",
            "warning",
            _("{origin} is still as the example shows it, and counts as unset").format(
                origin=environment.origin([name])
            ),
            _("Put in the real value, or delete the line."),
        )
    if not environment.values.get("CONTACT"):
        yield Finding(
            "settings",
            "note",
            _("the site does not learn whom it may write to: CONTACT is not set"),
            _(
                "Put CONTACT=you@example.org, or the address of a page about you, into .env: it goes into the "
                "User-Agent."
            ),
        )
    if (file := environment.secrets_in) and sys.platform != "win32" and (mode := file.stat().st_mode) & OPEN_TO_OTHERS:
        yield Finding(
            "settings",
            "warning",
            _("{path} holds a password or a key, and others on this machine may read it (mode {mode:o})").format(
                path=file, mode=stat.S_IMODE(mode)
            ),
            _("Run `chmod 600 {path}`.").format(path=shlex.quote(str(file))),
        )
    if not environment.placeholders:
        yield Finding("settings", "ok", _("the environment and .env can be read"))
