"""The replica's programs, which this package does not import: a synthetic Diningcode, and proxies before servers."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from refillspot.exceptions import MeasurementError, ServiceUnavailableError
from refillspot.language import gettext as _
from refillspot.services.addresses import ServiceAddresses
from refillspot.services.rerouting import moved, rerouted, route_of
from refillspot.sites.site import FORM_HEADERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from refillspot.sites.site import Form

PROJECT = Path(__file__).parents[2]


@dataclass(slots=True, frozen=True)
class Program:
    """One that runs, and says a line when it is ready."""

    said: str
    """Its first line: where it is."""
    to: IO[str]
    come: IO[str]

    def tell(self, line: str) -> str:
        """Return its answer to a line."""
        self.to.write(f"{line}\n")
        self.to.flush()
        return self.come.readline()


@contextmanager
def running_program(module: str, *options: str) -> Iterator[Program]:
    """Start `python -m MODULE`, and let it end at the end, by closing its stdin.

    Raises:
        ServiceUnavailableError: it does not start.
    """
    # A group of its own: Ctrl-C at the terminal would end it while what was made through it is still to be removed
    flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    with subprocess.Popen(  # noqa: S603  # this project's own program
        [sys.executable, "-m", module, *options],
        cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
        start_new_session=sys.platform != "win32", creationflags=flags,
    ) as process:  # fmt: skip
        assert process.stdin and process.stdout  # noqa: S101, PT018  # both are pipes
        try:
            if not (line := process.stdout.readline()):
                raise ServiceUnavailableError(
                    _("`python -m {module}` did not start: run it by hand to see why").format(module=module)
                )
            yield Program(line, process.stdin, process.stdout)
        finally:
            process.stdin.close()  # it ends itself; Popen waits for that


class SyntheticSite:
    """A running replica: what is true of its city, and what it was asked."""

    def __init__(self, url: str, connection: HTTPConnection) -> None:
        self.url = url
        self._connection = connection

    def truth(self, district: str, keywords: Sequence[str]) -> list[dict[str, Any]]:
        """Return the stores of a district, and by which of the keywords each can be reached."""
        query = urlencode({"district": district, "keywords": ",".join(keywords)})
        stores: list[dict[str, Any]] = json.loads(self._ask("GET", f"/_truth?{query}"))["stores"]
        return stores

    def log(self) -> list[dict[str, Any]]:
        """Return every request since the log was cleared, with the site's own times."""
        return [json.loads(line) for line in self._ask("GET", "/_log").splitlines()]

    def clear_log(self) -> None:
        self._ask("DELETE", "/_log")

    def spoil(self, *faults: Mapping[str, Any]) -> None:
        """Let answers go wrong from now on, see docs/replica.md."""
        self._ask("POST", "/_faults", json.dumps(faults).encode())

    def ask(self, form: Form) -> bytes:
        """Return the answer to a form of the API."""
        return self._ask("POST", form.path, form.body, FORM_HEADERS)

    def _ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> bytes:
        self._connection.request(method, path, body, dict(headers or {}))
        response = self._connection.getresponse()
        answer = response.read()
        if path.startswith("/_") and response.status >= 400:
            what = _("the synthetic site refuses {path}: {answer}")
            raise MeasurementError(what.format(path=path, answer=answer.decode("utf-8", "replace").strip()[:200]))
        return answer


@contextmanager
def running_site(seed: int, *options: str) -> Iterator[SyntheticSite]:
    """Start a replica with options of `python -m replica`, stop it at the end.

    Raises:
        ServiceUnavailableError: it does not start.
    """
    with running_program("replica", "--port", "0", "--seed", str(seed), "--until-stdin-closes", *options) as site:
        url = next(word for word in site.said.split() if word.startswith("http://"))
        with closing(HTTPConnection(urlsplit(url).netloc)) as connection:  # no proxy: loopback is no matter of one
            yield SyntheticSite(url, connection)


def are_near(servers: ServiceAddresses) -> bool:
    """Whether all are on this machine: others are as far away as they are."""
    return all(route_of(url).is_local for url in asdict(servers).values())


class Distance:
    """Proxies in front of servers: each holds back everything for half a round trip each way.

    `servers` are their addresses through them.
    """

    def __init__(self, servers: ServiceAddresses, proxies: dict[str, Program]) -> None:
        self.servers = servers
        self._proxies = proxies

    def cut(self, server: str) -> bool:
        """Reset all connections to database_url, redis_url or cache_redis_url; new ones are welcome.

        Return whether that was done.
        """
        return self._proxies[server].tell("cut").startswith("cut:")


@contextmanager
def far_away(servers: ServiceAddresses, round_trip_seconds: float) -> Iterator[Distance]:
    """Put a proxy in front of each server.

    Raises:
        ServiceUnavailableError: a proxy does not start.
    """
    with ExitStack() as stack:
        closed_to_others = Path(stack.enter_context(TemporaryDirectory(prefix="refillspot-")))
        addresses, proxies = {}, {}
        for name, url in asdict(servers).items():
            addresses[name], proxies[name] = stack.enter_context(_proxy(url, closed_to_others / name))
            proxies[name].tell(f"delay {round_trip_seconds / 2}")
        yield Distance(ServiceAddresses(**addresses), proxies)


@contextmanager
def _proxy(url: str, directory: Path) -> Iterator[tuple[str, Program]]:
    """Listen as the server does: on a port of loopback others would get past the permissions of its socket."""
    route = route_of(url)
    options = ["--upstream", route.target]
    if route.is_socket:
        directory.mkdir()
        url = moved(url, directory)
        options += ["--path", route_of(url).target]
    with running_program("replica.tcp_proxy", *options) as proxy:
        place = proxy.said.split(" -> ")[0]
        yield url if route.is_socket else rerouted(url, int(place.rpartition(":")[2])), proxy
