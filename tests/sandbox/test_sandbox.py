"""A scratch database, far servers, and crawls that end with whoever started them."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import psycopg
import pytest
import redis

from refillspot.exceptions import MeasurementError, ServiceUnavailableError
from refillspot.sandbox.replica import far_away, running_program, running_site
from refillspot.sandbox.scratch import running_crawl, scratch_space, workers_of
from refillspot.services.rerouting import route_of
from tests.crawl.moments import LOOK_SECONDS
from tests.programs import children

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refillspot.services import ServiceAddresses
    from tests.programs import Launcher

TINY = ("--refill-stores", "40", "--ordinary-stores", "40")


@pytest.fixture
def forking(launcher: Launcher) -> Iterator[None]:
    with launcher.forking(children_too=True):
        yield


def test_scratch_space_is_gone_afterwards(services: ServiceAddresses) -> None:
    with scratch_space(services, "test") as scratch:
        with redis.Redis.from_url(services.redis_url) as client:
            client.set(f"{scratch.key_prefix}:a", 1)
        psycopg.connect(scratch.servers.database_url).close()

    with redis.Redis.from_url(services.redis_url) as client:
        assert not client.exists(f"{scratch.key_prefix}:a")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(scratch.servers.database_url)


@pytest.mark.usefixtures("forking")
def test_far_servers_are_the_same_servers_and_can_be_cut_off(services: ServiceAddresses) -> None:
    with scratch_space(services, "test") as scratch, far_away(scratch.servers, 0.001) as distance:
        with psycopg.connect(distance.servers.database_url) as connection:
            connection.execute("CREATE TABLE seen ()")
        with psycopg.connect(scratch.servers.database_url) as connection:
            connection.execute("SELECT FROM seen")
        with redis.Redis.from_url(distance.servers.redis_url) as far, redis.Redis.from_url(services.redis_url) as near:
            assert far.info("server")["run_id"] == near.info("server")["run_id"]

        with psycopg.connect(distance.servers.database_url) as connection:
            distance.cut("database_url")
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT FROM seen")


def test_nobody_else_gets_at_servers_through_their_distance(services: ServiceAddresses) -> None:
    with far_away(services, 0) as distance:
        sockets = [Path(route_of(url).target) for url in asdict(distance.servers).values()]
        proxies = [child for child in psutil.Process().children() if "replica.tcp_proxy" in child.cmdline()]
        listening = [one for proxy in proxies for one in proxy.net_connections() if one.status == psutil.CONN_LISTEN]

        assert len(proxies) == 3
        if all(route_of(url).is_socket for url in asdict(services).values()):
            assert listening == []
            assert {path.stat().st_mode & 0o077 for path in sockets} == {0}
            assert {path.parents[1].stat().st_mode & 0o077 for path in sockets} == {0}
    assert not any(path.exists() for path in sockets)


@pytest.mark.usefixtures("forking")
def test_a_fleet_ends_with_whoever_started_it(services: ServiceAddresses, tmp_path: Path) -> None:
    arguments, settings = {"district": "강남구"}, {"POLITENESS_REQUESTS_PER_SECOND": 1}
    with scratch_space(services, "test") as scratch, running_site(7, *TINY) as site:
        with running_crawl(
            ["fleet", "-n", "1"], arguments, settings, site_url=site.url, scratch=scratch, log=tmp_path / "log"
        ) as fleet:
            while not site.log():
                assert fleet.poll() is None, (tmp_path / "log").read_text("utf-8")
                time.sleep(LOOK_SECONDS)
            workers = children(fleet.pid)
            assert {worker.pid for worker in workers} <= {worker.pid for worker in workers_of(fleet)}

        assert len(workers) == 1
        assert fleet.returncode != 0
        assert psutil.wait_procs(workers)[1] == []  # at pytest's time-out if never


@pytest.mark.usefixtures("forking")
def test_a_program_that_does_not_start_is_told() -> None:
    with pytest.raises(ServiceUnavailableError, match="did not start"), running_program("replica", "--port", "x"):
        pass


@pytest.mark.usefixtures("forking")
def test_what_the_synthetic_site_refuses_is_said() -> None:
    with running_site(7, *TINY) as site, pytest.raises(MeasurementError, match="kinds: "):
        site.spoil({"kind": "no such fault"})
