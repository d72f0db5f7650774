"""A Redis that a test may kill."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from refillspot.services.binaries import find_redis
from refillspot.services.redis_server import QUEUE_OPTIONS

if TYPE_CHECKING:
    from pathlib import Path


class OwnRedis:
    """A Redis of its own, with the queue's options."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.url = f"unix://{directory}/redis.sock"

    def start(self, *options: str) -> None:
        command = [str(find_redis()), "--port", "0", "--unixsocket", f"{self.directory}/redis.sock", "--save", ""]
        command += ["--dir", str(self.directory), "--logfile", f"{self.directory}/log", *QUEUE_OPTIONS, *options]
        self.process = subprocess.Popen(command)
        client = self.client()
        while True:  # ends at pytest's timeout if never
            try:
                client.ping()
                break
            except redis.RedisError:
                time.sleep(0.01)
        client.close()

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url, retry=Retry(NoBackoff(), 0))

    def stop(self) -> None:
        """Let it write down everything and end."""
        self.process.terminate()
        self.process.wait()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
