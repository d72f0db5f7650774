from __future__ import annotations

import psycopg.conninfo
import pytest
from redis.connection import parse_url

from refillspot.exceptions import ConfigurationError
from refillspot.services import mask_password
from refillspot.services.addresses import crosses_network_in_the_clear, read_addresses

LOCAL_REDIS = "redis://localhost:6379/0"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, {}),
        ({"DATABASE_URL": "postgres://u:p@h/d?sslmode=require"}, {"postgres": "postgres://u:p@h/d?sslmode=require"}),
        ({"DATABASE_URL": "postgresql://h/d", "DB_HOST": "other"}, {"postgres": "postgresql://h/d"}),
        ({"DATABASE_URL": "postgresql://a:5432,b:5433/d"}, {"postgres": "postgresql://a:5432,b:5433/d"}),
        ({"DB_HOST": "db"}, {"postgres": "postgresql://postgres@db:5432/refill_spot"}),
        ({"DB_USER": "u", "DB_PASSWORD": "p"}, {"postgres": "postgresql://u:p@localhost:5432/refill_spot"}),
        ({"DB_HOST": "::1", "DB_PORT": "5433"}, {"postgres": "postgresql://postgres@[::1]:5433/refill_spot"}),
        ({"DB_HOST": "/run/pg"}, {"postgres": "postgresql://postgres@/refill_spot?host=%2Frun%2Fpg&port=5432"}),
        ({"REDIS_HOST": "localhost"}, {"redis": LOCAL_REDIS, "redis-cache": LOCAL_REDIS}),
        ({"REDIS_PORT": "7000"}, dict.fromkeys(("redis", "redis-cache"), "redis://localhost:7000/0")),
        (
            {"REDIS_URL": "rediss://:p@h:1/2", "REDIS_HOST": "x"},
            dict.fromkeys(("redis", "redis-cache"), "rediss://:p@h:1/2"),
        ),
        ({"REDIS_URL": "unix:///a@b.sock"}, dict.fromkeys(("redis", "redis-cache"), "unix:///a@b.sock")),
        ({"CACHE_REDIS_URL": "redis://c"}, {"redis-cache": "redis://c"}),
        ({"REDIS_PASSWORD": "p@ss"}, dict.fromkeys(("redis", "redis-cache"), "redis://:p%40ss@localhost:6379/0")),
        (
            {"REDIS_HOST": "h", "REDIS_PASSWORD": "p", "CACHE_REDIS_URL": "rediss://user@c:1/2"},
            {"redis": "redis://:p@h:6379/0", "redis-cache": "rediss://user:p@c:1/2"},
        ),
        (
            {"REDIS_URL": "redis://:own@h", "REDIS_PASSWORD": "p", "CACHE_REDIS_URL": "unix:///run/c.sock?db=1"},
            {"redis": "redis://:own@h", "redis-cache": "unix://:p@/run/c.sock?db=1"},
        ),
        (
            {"REDIS_URL": "redis+sentinel://a,b:7/m/1", "REDIS_PASSWORD": "p@"},
            dict.fromkeys(("redis", "redis-cache"), "redis+sentinel://:p%40@a,b:7/m/1"),
        ),
        (
            {"REDIS_URL": "redis+sentinel://:own@a/m", "REDIS_PASSWORD": "p"},
            dict.fromkeys(("redis", "redis-cache"), "redis+sentinel://:own@a/m"),
        ),
        (
            {"REDIS_URL": LOCAL_REDIS, "CACHE_REDIS_URL": "redis://c"},
            {"redis": LOCAL_REDIS, "redis-cache": "redis://c"},
        ),
    ],
)
def test_addresses_of_environment_values(values: dict[str, str], expected: dict[str, str]) -> None:
    assert {name: address.url for name, address in read_addresses(values).items()} == expected


@pytest.mark.parametrize("password", ["p@ss:w/rd?#[]&=%", "비밀번호 100%", "'\"\\$HOME"])
def test_any_password_survives_the_url(password: str) -> None:
    address = read_addresses({"DB_PASSWORD": password})["postgres"]

    parts = psycopg.conninfo.conninfo_to_dict(address.url)

    assert (parts["password"], parts["host"], parts["dbname"]) == (password, "localhost", "refill_spot")
    assert address.variables == ("DB_PASSWORD",)


@pytest.mark.parametrize("password", ["p@ss:w/rd?#[]&=%", "비밀번호 100%", "'\"\\$HOME"])
@pytest.mark.parametrize("url", ["redis://localhost:6380/0", "unix:///run/redis.sock", "rediss://user@[::1]/1"])
def test_any_password_of_redis_survives_the_url(password: str, url: str) -> None:
    address = read_addresses({"CACHE_REDIS_URL": url, "REDIS_PASSWORD": password})["redis-cache"]

    without = parse_url(url)  # type: ignore[no-untyped-call]
    assert parse_url(address.url) == without | {"password": password}  # type: ignore[no-untyped-call]
    assert address.variables == ("CACHE_REDIS_URL", "REDIS_PASSWORD")


@pytest.mark.parametrize(
    ("values", "variable"),
    [
        ({"DB_PORT": "abc"}, "DB_PORT"),
        ({"DB_PORT": "0"}, "DB_PORT"),
        ({"DB_PORT": "٥٤٣٢"}, "DB_PORT"),
        ({"REDIS_PORT": "70000"}, "REDIS_PORT"),
        ({"DATABASE_URL": "mysql://u:s3cret@h/d"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://u:s3cret@h:99999/d"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://u:s3cret%zz@h/d"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://u:p@s3cret@h/d"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://u:1/s3cret@h/d"}, "DATABASE_URL"),
        ({"REDIS_URL": "http://:s3cret@h"}, "REDIS_URL"),
        ({"REDIS_URL": "redis://:s3cret@h:port"}, "REDIS_URL"),
        ({"REDIS_URL": "redis://:s3/cret@h"}, "REDIS_URL"),
        ({"REDIS_URL": "redis://:12#s3cret@h"}, "REDIS_URL"),
        ({"CACHE_REDIS_URL": "cache"}, "CACHE_REDIS_URL"),
        ({"DATABASE_URL": "postgresql://u:s3cret@[h/d"}, "DATABASE_URL"),
        ({"REDIS_URL": "redis://:s3cret@[h/0"}, "REDIS_URL"),
        ({"REDIS_URL": "redis+sentinel://:s3cret@h:1"}, "REDIS_URL"),
        ({"REDIS_URL": "redis+sentinel://:s3cret@h:port/mymaster"}, "REDIS_URL"),
        ({"REDIS_URL": "redis+sentinel://:s3/cret@h/mymaster"}, "REDIS_URL"),
        ({"REDIS_URL": "rediss+sentinel://:s3cret@h/mymaster"}, "REDIS_URL"),
    ],
)
def test_an_address_that_can_not_be_used_is_named_without_its_secret(values: dict[str, str], variable: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{variable} cannot be used") as caught:
        read_addresses(values)

    assert "s3" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("redis://h/0?decode_responses=true", "the option decode_responses is not for a crawl"),
        ("redis://h/0?socket_timeout=1", "the option socket_timeout is not for a crawl"),
        ("redis://h?nonsense=1", "the option nonsense is not for a crawl"),
        ("redis://h/abc", "the database is a number"),
        ("redis://h/1/2", "the database is a number"),  # redis-py takes it for 12
        ("redis://h?db=abc", "the database is a number"),
        ("unix:///run/redis.sock?db=-1", "the database is a number"),
        ("unix://run/redis.sock", "a third slash: unix:///run/redis.sock"),  # of it redis-py opens /redis.sock
        ("redis://h?ssl_cert_reqs=none", "ssl_cert_reqs needs an address that starts with rediss://"),
        ("rediss://h?ssl_whatever=x", "the option ssl_whatever is not for a crawl"),
        ("rediss://h?ssl_min_version=new", "the value of ssl_min_version cannot be read"),
        ("redis://h?health_check_interval=x", "the value of health_check_interval cannot be read"),
        ("redis://h?health_check_interval=-1", "the value of health_check_interval cannot be read"),
        ("unix:///run/redis.sock?socket_keepalive=true", "a socket has no connection to keep alive: leave out"),
        ("redis+sentinel://h:26379", "the name of the service is missing"),
        ("redis+sentinel://h:26379/mymaster/x", "the database is a number"),
        ("redis+sentinel://h,/mymaster", "the sentinels are written as host:port"),
        ("redis+sentinel://h:0/mymaster", "the sentinels are written as host:port"),
        ("redis+sentinel://h/mymaster?socket_timeout=1", "the option socket_timeout is not for a crawl"),
        ("redis://h?sentinel_password=p", "the option sentinel_password is not for a crawl"),
        ("postgresql://h/d?pool_size=5", "PostgreSQL has no option pool_size"),  # of SQLAlchemy
    ],
)
def test_an_option_that_would_break_inside_is_refused(url: str, reason: str) -> None:
    variable = "DATABASE_URL" if url.startswith("postgresql") else "REDIS_URL"

    with pytest.raises(ConfigurationError) as caught:
        read_addresses({variable: url})

    assert reason in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "redis://h",
        "redis://h/",
        "redis://h/15?client_name=crawl&socket_keepalive=true",
        "rediss://:p@h:6380/0?ssl_cert_reqs=required&ssl_ca_certs=/etc/ca.pem",
        "unix:///run/redis.sock?db=1",
        "unix://:p%40ss@/run/redis.sock",
        "redis+sentinel://h/mymaster",
        "redis+sentinel://u:p%40ss@a:26379,b,[::1]:7/mymaster/3?sentinel_username=s&sentinel_password=p",
    ],
)
def test_what_leaves_answers_as_they_are_is_allowed(url: str) -> None:
    assert read_addresses({"REDIS_URL": url})["redis"].url == url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u:s3cret@h:5432/d", "postgresql://u:***@h:5432/d"),
        ("postgresql://u:s3c@r/e?t@h/d", "postgresql://u:***@h/d"),
        ("redis://:s3cret@h:6379/0", "redis://:***@h:6379/0"),
        ("postgresql:///d?host=/tmp&password=s3cret&port=1", "postgresql:///d?host=/tmp&password=***&port=1"),
        (
            "redis+sentinel://:s3cret@a,b/m?sentinel_password=s3cret",
            "redis+sentinel://:***@a,b/m?sentinel_password=***",
        ),
        ("host=h password='s3 cret' user=u", "host=h password=*** user=u"),
        ("redis://localhost:6379/0", "redis://localhost:6379/0"),
        ("unix:///tmp/redis.sock?db=0", "unix:///tmp/redis.sock?db=0"),
    ],
)
def test_a_password_is_masked(url: str, expected: str) -> None:
    assert mask_password(url) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u:p@db.example.org/d", True),
        ("postgresql://u:p@db.example.org/d?sslmode=prefer", True),
        ("postgresql://u:p@localhost,db.example.org/d", True),
        ("postgresql://u:p@localhost/d?hostaddr=10.0.0.1", True),
        ("postgresql://u:p@db.example.org/d?sslmode=require", False),
        ("postgresql://u:p@db.example.org/d?sslmode=verify-full", False),
        ("postgresql://u:p@localhost/d", False),
        ("postgresql://u:p@127.0.0.1:5433/d", False),
        ("postgresql://u:p@[::1]/d", False),
        ("postgresql://postgres@/d?host=%2Frun%2Fpg", False),
        ("redis://:p@cache.example.org", True),
        ("redis://10.0.0.1:6379/0", True),
        ("rediss://:p@cache.example.org", False),
        ("redis://localhost:6379/0", False),
        ("unix:///run/redis.sock", False),
        ("redis+sentinel://127.0.0.1,localhost:7/m", False),
        ("redis+sentinel://localhost,10.0.0.1/m", True),
    ],
)
def test_what_crosses_a_network_in_the_clear(url: str, expected: bool) -> None:  # noqa: FBT001
    assert crosses_network_in_the_clear(url) is expected


def test_the_mode_of_libpqs_own_variable_counts() -> None:
    assert not crosses_network_in_the_clear("postgresql://db.example.org/d", "verify-full")
    assert crosses_network_in_the_clear("postgresql://db.example.org/d?sslmode=disable", "verify-full")
