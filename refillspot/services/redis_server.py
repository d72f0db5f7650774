"""The embedded Redis, in two roles: the queue, which must not lose a key, and the cache, which may lose any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

import redis

from refillspot.redis_clients import once, open_client
from refillspot.services.account import Account
from refillspot.services.binaries import find_redis

if TYPE_CHECKING:
    from pathlib import Path

QUEUE_OPTIONS = ("--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction")
CACHE_OPTIONS = ("--appendonly", "no", "--maxmemory", "256mb", "--maxmemory-policy", "allkeys-lru")


@dataclass(frozen=True)
class RedisServer:
    name: str
    directory: Path
    options: tuple[str, ...]

    @property
    def url(self) -> str:
        return f"unix://{quote(str(self.socket))}?db=0"

    @property
    def socket(self) -> Path:
        return self.directory / "redis.sock"

    def answers(self) -> bool:
        try:
            with self._client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False  # not there, or still loading its keys

    def start(self, lock: int) -> None:
        """Start the server, which inherits the descriptor `lock`; whether it came up is told by `answers`."""
        program = find_redis()
        files = {"unixsocket": self.socket, "dir": self.directory, "logfile": self.directory / "log"}
        command = [str(program), "--port", "0", "--unixsocketperm", "700", "--daemonize", "yes", "--save", ""]
        command += ["--pidfile", str(self.directory / "pid")]  # else /var/run/redis.pid
        for option, path in files.items():
            command += [f"--{option}", str(path)]
        Account.for_server(program, self.directory).run([*command, *self.options], self.directory, lock)

    def stop(self) -> bool:
        """Ask a running server to stop; False while it does not answer."""
        try:
            with self._client() as client:
                client.shutdown()
        except redis.RedisError:
            return False
        return True

    def _client(self) -> redis.Redis:
        return open_client(self.url, socket_timeout=3, retry=once())
