"""A Redis that a test may kill."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import cast

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from refillspot.services.binaries import find_redis
from refillspot.services.redis_server import QUEUE_OPTIONS

FAKETIME = next(iter(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)
"""libfaketime, Debian's package of that name: another clock for a process, which can be set while it runs."""
CLOCK_TOLERANCE = 30  # seconds; clocks are set by more in tests


def clock_of(file: Path) -> dict[str, str]:
    """Return the environment of a process whose clock is set by a file; its steady clock, by which it waits, is not."""
    set_clock(file, 0)
    return {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def set_clock(file: Path, seconds: float) -> None:
    new = file.with_suffix(".new")
    new.write_text(f"{seconds:+f}\n", encoding="ascii")
    new.replace(file)


class OwnRedis:
    """A Redis of its own, with the queue's options."""

    def __init__(self, directory: Path, *, has_own_clock: bool = False) -> None:
        """`has_own_clock`: where libfaketime is installed, `set_clock` may be called."""
        self.directory = directory
        self._clock = directory / "clock"
        self._environment = os.environ | clock_of(self._clock) if has_own_clock and FAKETIME else None
        self.url = f"unix://{directory}/redis.sock"
        self.process: subprocess.Popen[bytes]

    def is_running(self) -> bool:
        return hasattr(self, "process") and self.process.poll() is None

    def start(self, *options: str) -> None:
        assert not self.is_running(), "a second one would take its place, and both would write to its files"
        command = [str(find_redis()), "--port", "0", "--unixsocket", f"{self.directory}/redis.sock", "--save", ""]
        command += ["--dir", str(self.directory), "--logfile", f"{self.directory}/log", *QUEUE_OPTIONS, *options]
        self.process = subprocess.Popen(command, env=self._environment)
        client = self.client()
        while True:  # ends at pytest's timeout if never
            try:
                client.ping()
                break
            except redis.RedisError:
                assert self.is_running(), (self.directory / "log").read_text("utf-8")[-3000:]
                time.sleep(0.01)
        client.close()

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url, retry=Retry(NoBackoff(), 0))

    def set_clock(self, seconds: float) -> None:
        """Set its clock by so many seconds before or behind that of this machine, and return when it tells so."""
        set_clock(self._clock, seconds)
        with self.client() as client:
            while abs(cast("tuple[int, int]", client.time())[0] - time.time() - seconds) > CLOCK_TOLERANCE:
                time.sleep(0.01)

    def stop(self) -> None:
        """Let it write down everything and end."""
        self.process.terminate()
        self.process.wait()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
