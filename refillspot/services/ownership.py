"""Whose the home of the embedded servers is: ours, and closed to everybody else on this machine."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from refillspot.exceptions import ServiceUnavailableError
from refillspot.language import gettext as _
from refillspot.retelling import system_words

if TYPE_CHECKING:
    from collections.abc import Iterator

ENTRIES = frozenset({"postgres", "redis", "redis-cache", "logs", "perf", "demo.log"})
"""What refillspot puts into a home: one with other things in it is not ours to close."""
SERVER_IDS = range(60_706, 61_184)
"""Users and groups that no system gives to anybody (systemd's UIDS-GIDS): under root the servers are one of these."""
PROGRAM = Path(__file__).resolve()
NOBODY = 65534
ROOT = 0
OPEN, WRITABLE, WRITABLE_BY_ALL = 0o077, 0o022, 0o002


@contextmanager
def errors_told(directory: Path) -> Iterator[None]:
    """Tell in words that a directory cannot be made or used: read-only, a file, a name that Windows keeps for itself.

    Raises:
        ServiceUnavailableError: so it is.
    """
    try:
        yield
    except OSError as error:
        raise ServiceUnavailableError(
            _("{path} cannot be used: {error}.").format(path=directory, error=system_words(error)),
            _("Set REFILLSPOT_HOME to a directory that is yours."),
        ) from error


def claim_home(home: Path) -> None:
    """Make the home, or see that it is ours; close it to others.

    Under root the group of the servers may pass through it to their directories.

    Raises:
        ServiceUnavailableError: it cannot be made, it is somebody else's, or others can put something into it or in
            its place.
    """
    with errors_told(home):
        _claim_home(home)


def _claim_home(home: Path) -> None:
    if sys.platform == "win32":  # whose permissions are inherited, from the user's own directories
        home.mkdir(parents=True, exist_ok=True)
        return
    refuse_foreign(home)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    refuse_foreign(home)  # somebody else may have been quicker
    _refuse_replaceable(home)
    mode = stat.S_IMODE(home.stat().st_mode)
    if {entry.name for entry in home.iterdir()} <= ENTRIES:
        _refuse_planted(home)
        _close(home)
    elif mode & WRITABLE:
        raise ServiceUnavailableError(
            _("Other users can write to {path} (mode {mode:o}), and it holds files that are not refillspot's.").format(
                path=home, mode=mode
            ),
            _("Run `chmod go-w {path}`, or set REFILLSPOT_HOME to a directory of its own.").format(path=home),
        )


def claim_directory(directory: Path) -> None:
    """Make the directory of a server in a claimed home, or see that it is ours; close it to others.

    Raises:
        ServiceUnavailableError: it is somebody else's.
    """
    directory.mkdir(mode=0o700, exist_ok=True)
    _refuse_owner(directory, directory.stat().st_uid, is_server=True)
    if not _is_closed(directory):
        _refuse_planted(directory)
        directory.chmod(0o700)
        _refuse_open(directory)


def refuse_foreign(home: Path) -> None:
    """Refuse a home of somebody else, or one that is reached by somebody else's link; there may be none yet.

    Raises:
        ServiceUnavailableError: so it is.
    """
    for path in (home, *home.parents):
        if path.is_symlink() and (owner := path.lstat().st_uid) != ROOT:
            _refuse_owner(path, owner)
    if home.exists():
        _refuse_owner(home, home.stat().st_uid)


def hand_over(directory: Path, user: int) -> None:
    """Give the files of a server to the account that it will run under, whoever it ran as before.

    Raises:
        ServiceUnavailableError: one of them is a file of elsewhere, too.
    """
    for path in (str(directory), *_entries(directory)):
        found = os.lstat(path)
        if (found.st_uid, found.st_gid) == (user, user):
            continue
        if stat.S_ISREG(found.st_mode) and found.st_nlink > 1:
            raise ServiceUnavailableError(
                _("{path} has another name elsewhere (a hard link), and its owner would change there as well.").format(
                    path=path
                ),
                _("Replace it with a copy."),
            )
        os.chown(path, user, user, follow_symlinks=False)
    directory.chmod(0o700)


def server_id() -> int:
    """Return the user and group that servers have under root: the first that is nobody's."""
    import grp  # noqa: PLC0415 -- POSIX only
    import pwd  # noqa: PLC0415

    for number in SERVER_IDS:
        with suppress(KeyError):
            pwd.getpwuid(number)
            continue
        with suppress(KeyError):
            grp.getgrgid(number)
            continue
        return number
    return NOBODY


def _close(home: Path) -> None:
    if os.geteuid() == ROOT:
        with suppress(PermissionError):  # root without its capabilities, as in some containers
            os.chown(home, -1, server_id())
            home.chmod(0o710)
    if not _is_closed(home):
        home.chmod(0o700)
    _refuse_open(home)


def _is_closed(directory: Path) -> bool:
    found = directory.stat()
    others = 0o007 if found.st_gid in SERVER_IDS and os.geteuid() == ROOT else OPEN
    return not found.st_mode & others


def _refuse_open(directory: Path) -> None:
    if not _is_closed(directory):
        raise ServiceUnavailableError(
            _("{path} stays open to other users (mode {mode:o}): its file system keeps no permissions.").format(
                path=directory, mode=stat.S_IMODE(directory.stat().st_mode)
            ),
            _("Set REFILLSPOT_HOME to a directory where `chmod 700` has an effect."),
        )


def _refuse_replaceable(home: Path) -> None:
    for parent in home.resolve().parents:
        mode = parent.stat().st_mode
        if parent in PROGRAM.parents:
            return  # who may write there may change this program, too
        if mode & WRITABLE_BY_ALL and not mode & stat.S_ISVTX:
            raise ServiceUnavailableError(
                _("Anyone can replace {path} with another directory: {parent} is writable by everyone.").format(
                    path=home, parent=parent
                ),
                _("Run `chmod o-w {parent}`, or set REFILLSPOT_HOME to a directory somewhere else.").format(
                    parent=parent
                ),
            )


def _refuse_planted(directory: Path) -> None:
    """Refuse what others have put into a directory while they could."""
    if not directory.stat().st_mode & WRITABLE or _is_closed(directory):
        return
    for path in _entries(directory):
        owner = os.lstat(path).st_uid
        if owner != os.geteuid() and owner not in SERVER_IDS:
            raise ServiceUnavailableError(
                _("Other users could write to {path}, and user {owner} did: {entry}.").format(
                    path=directory, owner=_name(owner), entry=path
                ),
                _("Remove it, or set REFILLSPOT_HOME to another directory."),
            )


def _refuse_owner(path: Path, owner: int, *, is_server: bool = False) -> None:
    user = os.geteuid()
    if owner == user or (is_server and user == ROOT and (owner in SERVER_IDS or owner == NOBODY)):
        return
    raise ServiceUnavailableError(
        _("{path} belongs to user {owner}, but this is user {user}.").format(
            path=path, owner=_name(owner), user=_name(user)
        ),
        _("Run as that user, or set REFILLSPOT_HOME to a directory that is yours."),
    )


def _entries(directory: Path) -> Iterator[str]:
    """All that is in a directory; links are not followed."""
    for place, directories, files in os.walk(directory):
        for name in (*directories, *files):
            yield os.path.join(place, name)  # noqa: PTH118 -- thousands of them, at each start


def _name(user: int) -> str:
    import pwd  # noqa: PLC0415 -- POSIX only

    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
