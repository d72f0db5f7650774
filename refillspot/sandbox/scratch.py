"""A crawl out of the way: an empty database and keys of its own, gone again afterwards, and a synthetic site.

`scrapy crawl` or `scrapy fleet` is started as a user starts it.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import psutil

from refillspot.logs import open_log
from refillspot.postgres.database import scratch_database
from refillspot.sandbox.replica import PROJECT
from refillspot.services.ownership import claim_home
from refillspot.shared.keys import remove_keys

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from refillspot.services import ServiceAddresses


@dataclass(slots=True, frozen=True)
class Scratch:
    servers: ServiceAddresses
    """`database_url` is that of the empty database."""
    key_prefix: str


@contextmanager
def scratch_space(servers: ServiceAddresses, purpose: str) -> Iterator[Scratch]:
    """Make a database and a prefix named after a purpose, remove them and all under them at the end.

    Raises:
        ServiceUnavailableError: the account may not make a database.
    """
    prefix = f"refillspot-{purpose}-{secrets.token_hex(4)}"
    with ExitStack() as stack:
        for url in {servers.redis_url, servers.cache_redis_url}:
            stack.callback(remove_keys, url, prefix)
        database_url = stack.enter_context(scratch_database(servers.database_url, prefix.replace("-", "_")))
        yield Scratch(replace(servers, database_url=database_url), prefix)


HARMLESS = {"CRAWL_WINDOW": "", "NOTIFY_URL": "", "METRICS_PORT": ""}  # it waits for no hour, and nobody hears of it
LOGGED = {"LOG_LEVEL": "INFO"}  # all of it to stderr, which is a file here
HIDDEN = {"KAKAO_API_KEY": "", "no_proxy": "127.0.0.1"}  # nor does it use up a quota


@contextmanager
def running_crawl(  # noqa: PLR0913  # what is crawled, where, how
    command: Sequence[str],
    arguments: Mapping[str, str],
    settings: Mapping[str, Any],
    *,
    site_url: str,
    scratch: Scratch,
    log: Path,
) -> Iterator[subprocess.Popen[bytes]]:
    """Start it; at the end kill whatever of it still runs. `command` is `crawl`, or `fleet` with options of its own."""
    claim_home(log.parent)
    own = {"DININGCODE_API_URL": site_url, "DININGCODE_WEB_URL": site_url, "REDIS_KEY_PREFIX": scratch.key_prefix}
    line = [sys.executable, "-m", "scrapy", *command, "diningcode"]
    line += [part for name, value in arguments.items() for part in ("-a", f"{name}={value}")]
    line += [
        part for name, value in {**LOGGED, **settings, **own, **HARMLESS}.items() for part in ("-s", f"{name}={value}")
    ]
    addresses = {name.upper(): url for name, url in asdict(scratch.servers).items()}  # `ps` shows the rest
    environment = os.environ | HIDDEN | addresses | {"REFILLSPOT_HOME": str(log.parent)}
    log.unlink(missing_ok=True)
    with open_log(log) as output, subprocess.Popen(  # noqa: S603  # this project's own program
        line, cwd=PROJECT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            _kill(process.pid)


def workers_of(fleet: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """Return the workers of a fleet that run now."""
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(fleet.pid).children()
    return []


def _kill(pid: int) -> None:
    """Kill a process and all that it started."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):  # the fleet first, or it would start another worker
            with suppress(psutil.NoSuchProcess):
                one.kill()
