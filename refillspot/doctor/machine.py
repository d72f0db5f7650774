"""This machine, before any server is asked: environment and `.env`, memory, disk, Python and the packages."""

from __future__ import annotations

import platform
import shlex
import stat
import sys
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from packaging.requirements import InvalidRequirement, Requirement

from refillspot.doctor import Check
from refillspot.language import gettext as _

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from refillspot.services import Environment

OPEN_TO_OTHERS = 0o007  # of a file's mode
MIB, GIB = 2**20, 2**30
WORKER_MIB = 384  # a worker and the fleet's own process
FULL_DISK_GIB = 1  # PostgreSQL keeps up to 1 GB of write-ahead log, and stops when there is no room
SMALL_DISK_GIB = 3
SHOWN = 5  # packages that are named
PINS = Path(__file__).parents[2] / "requirements.txt"


def examine_configuration(environment: Environment) -> Iterator[Check]:
    """Look for values that were never filled in."""
    for name in environment.placeholders:
        yield Check(
            "settings",
            "warning",
            _("{origin} still has the value of the example, and counts as unset").format(
                origin=environment.origin([name])
            ),
            _("Put in the real value, or delete the line."),
        )
    for remark in environment.remarks:
        yield Check("settings", "warning", remark, _("Correct the name, or delete the line."))
    if not environment.values.get("CONTACT"):
        yield Check(
            "settings",
            "note",
            _("the site cannot know whom to contact: CONTACT is not set"),
            _(
                "Put CONTACT=you@example.org, or the address of a page about you, into .env: it is sent in the "
                "User-Agent."
            ),
        )
    if (file := environment.secrets_in) and sys.platform != "win32" and (mode := file.stat().st_mode) & OPEN_TO_OTHERS:
        yield Check(
            "settings",
            "warning",
            _("{path} holds a password or a key, and other users of this machine can read it (mode {mode:o})").format(
                path=file, mode=stat.S_IMODE(mode)
            ),
            _("Run `chmod 600 {path}`.").format(path=shlex.quote(str(file))),
        )
    if not environment.placeholders and not environment.remarks:
        yield Check("settings", "ok", _("the environment and .env can be read"))


@dataclass(slots=True, frozen=True)
class Resources:
    """What this machine has left, in bytes."""

    memory: int
    disk: int

    @classmethod
    def now(cls, home: Path) -> Resources:
        """Look; `home` is where the embedded servers and the logs are, or will be."""
        existing = next(path for path in (home, *home.parents) if path.exists())
        return cls(psutil.virtual_memory().available, psutil.disk_usage(str(existing)).free)


def examine_resources(left: Resources, home: Path, fleet_mib: int) -> Iterator[Check]:
    """Judge what is left for a crawl; `fleet_mib` is FLEET_MAX_MEMORY_MB."""
    memory = _("{free:,.0f} MB of memory are free").format(free=left.memory / MIB)
    if left.memory < WORKER_MIB * MIB:
        remedy = _("Close other programs: one worker needs {least} MB.").format(least=WORKER_MIB)
        yield Check("memory", "problem", memory, remedy)
    elif left.memory < fleet_mib * MIB:
        remedy = _("A fleet may take {fleet} MB: lower FLEET_MAX_MEMORY_MB, or close other programs.")
        yield Check("memory", "warning", memory, remedy.format(fleet=fleet_mib))
    else:
        yield Check("memory", "ok", memory)
    disk = _("{free:,.1f} GB of disk are free at {home}").format(free=left.disk / GIB, home=home)
    if left.disk < SMALL_DISK_GIB * GIB:
        remedy = _("Free some space, or move it with REFILLSPOT_HOME: PostgreSQL stops when the disk is full.")
        yield Check("disk", "problem" if left.disk < FULL_DISK_GIB * GIB else "warning", disk, remedy)
    else:
        yield Check("disk", "ok", disk)


def examine_packages(lines: Iterable[str]) -> Iterator[Check]:
    """Compare what is installed with the pins of requirements.txt."""
    others = [other for pin in _pins(lines) if (other := _difference(pin))]
    python = _("Python {version}").format(version=platform.python_version())
    if not others:
        yield Check("packages", "ok", _("{python}, packages as pinned").format(python=python))
        return
    more = _(" and {count} more").format(count=len(others) - SHOWN) if len(others) > SHOWN else ""
    what = _("{python}; packages differ from those tested: {packages}{more}").format(
        python=python, packages=", ".join(others[:SHOWN]), more=more
    )
    remedy = _("Run `pip install --require-hashes -r requirements.txt`, or `make setup`.")
    yield Check("packages", "warning", what, remedy)


def _pins(lines: Iterable[str]) -> Iterator[Requirement]:
    for line in lines:
        if not line[:1].isalnum():  # a hash or a comment, as most lines are
            continue
        try:
            pin = Requirement(line.strip().rstrip("\\"))
        except InvalidRequirement:
            continue
        if pin.marker is None or pin.marker.evaluate():
            yield pin


@cache
def _installed(name: str) -> str:
    """Return the version of a package; to look it up takes reading all that the package says of itself."""
    return version(name)


def _difference(pin: Requirement) -> str | None:
    try:
        installed = _installed(pin.name)
    except PackageNotFoundError:
        return _("{package} is missing").format(package=pin.name)
    if pin.specifier.contains(installed, prereleases=True):
        return None
    return _("{package} {installed} instead of {pinned}").format(
        package=pin.name, installed=installed, pinned=str(pin.specifier).lstrip("=")
    )
