"""A log of datagrams with the time at which the kernel took each: it says when a worker sent, however busy this is."""

from __future__ import annotations

import socket
import struct
import sys
import threading
import time
from typing import NamedTuple, Self

SO_TIMESTAMPNS = 35  # Linux
TIMESPEC = struct.Struct("qq")


class Arrival(NamedTuple):
    at: float
    worker: str
    permitted_at: float
    """On the server's clock, which is that of this machine."""


class ArrivalLog:
    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        if sys.platform == "linux":
            self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.arrivals: list[Arrival] = []
        self.changed = threading.Condition()
        self._thread = threading.Thread(target=self._listen)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def wait_for(self, count: int) -> None:
        """Return when so many have arrived in all; ends at pytest's timeout if never."""
        with self.changed:
            self.changed.wait_for(lambda: len(self.arrivals) >= count)

    def wait_for_worker(self, worker: str, since: int) -> None:
        """Return when something of this worker has arrived, after so many in all."""
        with self.changed:
            self.changed.wait_for(lambda: any(arrival.worker == worker for arrival in self.arrivals[since:]))

    def _listen(self) -> None:
        while True:
            said, ancillary, _, _ = self._socket.recvmsg(100, 100)
            if not said:
                return
            worker, moment = said.decode().split()
            at = time.time()
            for _, kind, data in ancillary:
                if kind == SO_TIMESTAMPNS:
                    seconds, nanoseconds = TIMESPEC.unpack(data[: TIMESPEC.size])
                    at = seconds + nanoseconds / 1e9
            with self.changed:
                self.arrivals.append(Arrival(at, worker, float(moment)))
                self.changed.notify_all()
