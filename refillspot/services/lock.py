"""A lock that a server inherits: held means alive.

The kernel frees it when the last process that holds it dies, of whatever cause: no pid file to go stale.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO


def acquire(directory: Path) -> BinaryIO | None:
    """Return an open file that holds the lock of `directory`, or None while another process holds it.

    Close it, never unlock it: a server that inherited the descriptor keeps the lock.
    """
    import fcntl  # noqa: PLC0415 -- POSIX only

    # never through a link: a server may write into its directory, and root must not follow it elsewhere
    file = open(os.open(directory / "lock", os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600), "wb")  # noqa: PTH123, SIM115
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    except BaseException:
        file.close()
        raise
    return file


def is_held(directory: Path) -> bool:
    if not (directory / "lock").exists():
        return False
    file = acquire(directory)
    if file is None:
        return True
    file.close()
    return False
