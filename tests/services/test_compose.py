from __future__ import annotations

import re
from typing import Any

import pytest
import yaml


@pytest.fixture(scope="module")
def compose(pytestconfig: pytest.Config) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((pytestconfig.rootpath / "docker-compose.yml").read_bytes())
    return loaded


def test_up_starts_these_three(compose: dict[str, Any]) -> None:
    images = {name: service["image"] for name, service in compose["services"].items() if "profiles" not in service}

    assert images == {"postgres": "postgres:15", "redis": "redis:7", "redis-cache": "redis:7"}


def test_servers_are_reached_from_this_machine_only(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]

    assert ports == ["127.0.0.1:5432:5432", "127.0.0.1:6379:6379", "127.0.0.1:6380:6379"]


def test_servers_have_health_checks_and_what_must_stay_has_a_volume(compose: dict[str, Any]) -> None:
    services = compose["services"]

    assert all(services[name]["healthcheck"]["test"] for name in ("postgres", "redis", "redis-cache"))
    assert services["postgres"]["volumes"] == ["postgres-data:/var/lib/postgresql/data"]
    assert services["redis"]["volumes"] == ["redis-data:/data"]
    assert set(compose["volumes"]) == {"postgres-data", "redis-data"}


def test_the_queue_can_not_be_evicted_and_the_cache_is_bounded(compose: dict[str, Any]) -> None:
    queue, cache = (" ".join(compose["services"][name]["command"]) for name in ("redis", "redis-cache"))

    assert "--appendonly yes" in queue
    assert "--maxmemory-policy noeviction" in queue
    assert "--maxmemory 256mb --maxmemory-policy allkeys-lru" in cache
    assert "--appendonly no" in cache


def test_no_password_is_written_down(pytestconfig: pytest.Config) -> None:
    text = (pytestconfig.rootpath / "docker-compose.yml").read_text(encoding="utf-8")

    passwords = re.findall(r"PASSWORD: (.*)", text)

    assert set(passwords) == {"${DB_PASSWORD:?copy .env.example to .env and set DB_PASSWORD}"}


def test_a_worker_talks_to_the_servers_inside(compose: dict[str, Any]) -> None:
    worker = compose["services"]["worker"]

    assert worker["profiles"] == ["workers"]
    assert set(worker["depends_on"]) == {"postgres", "redis", "redis-cache"}
    assert worker["environment"]["DATABASE_URL"] == ""
    assert worker["environment"]["DB_HOST"] == "postgres"
    assert worker["environment"]["REDIS_URL"] == "redis://redis:6379/0"
    assert worker["environment"]["CACHE_REDIS_URL"] == "redis://redis-cache:6379/0"
