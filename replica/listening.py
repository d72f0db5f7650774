"""The socket that the replica listens on, taken before the city is drawn: a busy port is told at once."""

from __future__ import annotations

import socket
import sys

BACKLOG = 1024


class ListenError(Exception):
    """The address cannot be listened on; the message says why and what to do."""


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 = a free one.

    Raises:
        ListenError: the port is taken or forbidden, or the host is not this machine.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind)
        try:
            if sys.platform != "win32":  # there it would share a port that is in use
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            raise
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ListenError(
            f"cannot listen on {host}:{port}: {reason}. Choose another --port, or 0 for a free one"
            f"{'' if host == '127.0.0.1' else ', and check --host'}."
        ) from error
    return listener
