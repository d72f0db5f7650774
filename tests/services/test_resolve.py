from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import redis

if TYPE_CHECKING:
    from refillspot.services import ServiceAddresses


def test_the_services_of_this_suite_answer(services: ServiceAddresses, database_url: str, key_prefix: str) -> None:
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT 무한리필 FROM (VALUES ('강남구')) AS t(무한리필)").fetchone()
    for url in (services.redis_url, services.cache_redis_url):
        with redis.Redis.from_url(url) as client:
            client.set(key_prefix, "1")

    assert row == ("강남구",)


def test_an_environment_for_programs_names_the_servers_of_this_suite(environment: dict[str, str]) -> None:
    assert {"DATABASE_URL", "REDIS_URL", "CACHE_REDIS_URL", "PATH"} <= environment.keys()
    assert "PYTHONPATH" not in environment
