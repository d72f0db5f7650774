"""Settings that cannot be used are told at once; what is left can be read by whoever asks Scrapy for it."""

from __future__ import annotations

import logging
import math
import os
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scrapy.settings import BaseSettings, Settings, default_settings

from refillspot import settings as module
from refillspot.addon import RefillspotAddon
from refillspot.configuration import OURS, check_files, check_options, read_settings, remarks
from refillspot.configuration.names import UNREAD, without_effect
from refillspot.exceptions import ConfigurationError
from refillspot.services import read_environment

if TYPE_CHECKING:
    from pathlib import Path

    from tests.programs import Launcher

READS_AS: dict[type, Any] = {
    bool: BaseSettings.getbool,
    int: BaseSettings.getint,
    float: BaseSettings.getfloat,
    list: BaseSettings.getlist,
}
"""How components ask Scrapy for a setting whose default is of this type."""
SECRET = "s3cret-passw0rd"  # noqa: S105  # of a test


def project(**given: Any) -> Settings:
    settings = Settings()
    settings.setmodule(module, priority="project")
    for name, value in given.items():
        settings.set(name, value, priority="cmdline")
    return settings


def wrong(**given: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read_settings(project(**given))
    return str(caught.value)


def test_the_settings_as_they_are_can_be_used() -> None:
    settings = project()

    read_settings(settings)

    assert {name for name in vars(module) if name.isupper() and settings[name] != getattr(module, name)} == set()


def test_each_setting_of_this_project_is_in_the_table() -> None:
    ours = {name for name in vars(module) if name.isupper() and not hasattr(default_settings, name)}

    assert ours <= OURS.keys()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("POLITENESS_REQUESTS_PER_SECOND", value) for value in ("fast", "-1", "nan", "inf", "", True, None, [1])),
        *(("CONCURRENT_REQUESTS", value) for value in ("0", "1.5", "1e999", "9" * 5000, -1, 0.5)),
        *(("CACHE_ENABLED", value) for value in ("maybe", "yes", "", 2, None)),
        *(
            ("DININGCODE_API_URL", value)
            for value in ("im.diningcode.com", "ftp://x", "https://", "https://u:p@x", "http://x:y", "http://[", "")
        ),
        *(("CRAWL_WINDOW", value) for value in ("25:00-26:00", "1-5", "05:00-05:00")),
        *(("LOG_LEVEL", value) for value in ("LOUD", "10", None)),
        *(("METRICS_PORT", value) for value in ("http", "70000", "-1")),
        *(("RETRY_HTTP_CODES", value) for value in ("5xx", "999", {503: 1}.items)),
        *(("REDIS_KEY_PREFIX", value) for value in ("", "a b", "refill*", "{x}")),
        *(("SCHEDULER", value) for value in ("refillspot.frontier.schedular.Scheduler", "Scheduler", "..")),
        *(
            (f"{name}_SECONDS", value)
            for name in ("FRONTIER_LEASE", "POSTGRES_TIMEOUT")
            for value in ("0", "0.001", "-1")
        ),
        *((name, "0.001") for name in ("DOWNLOAD_TIMEOUT", "DNS_TIMEOUT")),
        *(
            (f"{name}_LEASE_SECONDS", 30 * 24 * 3600) for name in ("FRONTIER", "CACHE")
        ),  # after a kill nobody waits longer
        ("POSTGRES_TIMEOUT_SECONDS", 30 * 24 * 3600),  # in milliseconds more than PostgreSQL counts
        ("CONCURRENT_ITEMS", 1_000_000),  # so many tasks Scrapy makes for each response
        *((name, "0") for name in ("POSTGRES_COPY_MAX_ROWS", "FRONTIER_MAX_IN_HAND", "REACTOR_THREADPOOL_MAXSIZE")),
        ("SITE_ADDRESSES", "im.diningcode.com"),
        ("USER_AGENT", "bot\r\nCookie: x"),
        ("DOWNLOAD_DELAY", "slow"),  # of Scrapy
        ("RETRY_ENABLED", "maybe"),
        ("CLOSESPIDER_ITEMCOUNT", "-5"),
        *(
            (name, value)
            for name in ("ADDONS", "EXTENSIONS", "ITEM_PIPELINES", "DOWNLOADER_MIDDLEWARES", "SPIDER_MIDDLEWARES")
            for value in (
                {"nowhere.Class": 1},
                {"refillspot.nowhere": 1},
                {"refillspot.addon.RefillspotAddon": "first"},
            )
        ),
        ("FEEDS", {"stores.json": 1}),
        ("FEED_EXPORT_ENCODING", "utf-9"),
        ("LOG_ENCODING", "utf-9"),
        ("LOG_FORMAT", "%(nothing)s"),
        ("SPIDER_MODULES", "nowhere.spiders"),
        *(
            (name, value)
            for name in ("STATS_CLASS", "TWISTED_REACTOR", "SPIDER_LOADER_CLASS", "DNS_RESOLVER")
            for value in ("nowhere.Class", "refillspot.nowhere", "..")
        ),
    ],
)
def test_what_cannot_be_used_is_one_sentence_with_name_value_and_what_is_allowed(name: str, value: Any) -> None:
    told = wrong(**{name: value})

    assert told.startswith((f"{name}=", f"{name} "))
    assert "\n" not in told
    assert "must be" in told or "use, for example" in told or "neither" in told
    assert len(told) < 300


def test_all_that_is_wrong_is_told_at_once_and_no_secret_with_it() -> None:
    told = wrong(
        GC_THRESHOLD_OBJECTS="x",
        RETRY_TIMES="x",
        DININGCODE_WEB_URL=f"ftp://me:{SECRET}@host",
        DATABSE_URL=f"postgresql://me:{SECRET}@host/x",
    )

    assert [line.split("=")[0] for line in told.splitlines()] == [
        "there is no setting DATABSE_URL. Did you mean DATABASE_URL?",
        "DININGCODE_WEB_URL",
        "GC_THRESHOLD_OBJECTS",
        "RETRY_TIMES",
    ]
    assert SECRET not in told


MAPPINGS = {"DEFAULT_REQUEST_HEADERS"}  # these are taken apart when they are set
ODD = st.one_of(
    st.text(), st.integers().map(str), st.floats().map(str), st.integers(), st.floats(), st.booleans(), st.none()
)


@given(st.sampled_from(sorted(OURS.keys() - MAPPINGS)), ODD)
@example("SITE_ADDRESSES", 1)
@example("CACHE_ENABLED", "TRUE")
@example("CONCURRENT_REQUESTS", " 5.0 ")
@example("GC_THRESHOLD_OBJECTS", "1e3")
def test_whatever_is_given_is_refused_or_can_be_read_by_scrapys_own_readers(name: str, value: Any) -> None:
    settings = project(**{name: value})
    try:
        read_settings(settings)
    except ConfigurationError:
        return
    if reader := READS_AS.get(type(getattr(module, name, None))):
        read = reader(settings, name)
        assert not isinstance(read, float) or math.isfinite(read)
    if name == "LOG_LEVEL":
        logging.NullHandler().setLevel(settings[name])


@pytest.mark.parametrize("given", ["Accept: ko", "5", "[]", '"x"', "{", "null"])
def test_a_mapping_is_looked_at_before_scrapy_takes_it_apart(given: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^DEFAULT_REQUEST_HEADERS=.* it must be a JSON object"):
        check_options([f"DEFAULT_REQUEST_HEADERS={given}"])

    with pytest.raises(ConfigurationError, match=r"^EXTENSIONS=.* it must be a JSON object of classes"):
        check_options([f"EXTENSIONS={given}"])

    check_options(
        ['DEFAULT_REQUEST_HEADERS={"Accept-Language": "ko"}', "CRAWL_WINDOW=1", 'EXTENSIONS={"no.Such": null}']
    )


def test_other_add_ons_leave_the_one_that_finds_the_servers_in_its_place() -> None:
    with pytest.raises(ConfigurationError, match=r"^ADDONS=.* which finds the servers"):
        check_options(['ADDONS={"scrapy.addons.AddonManager": 1}'])

    check_options(['ADDONS={"scrapy.addons.AddonManager": 1, "refillspot.addon.RefillspotAddon": 0}'])


@pytest.mark.parametrize("given", ["no equals sign", "=x", " =x"])
def test_an_option_that_sets_nothing_is_told_how_to(given: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^use -s NAME=VALUE"):
        check_options([given])


@pytest.mark.parametrize("path", ["nowhere/log", "", "a\0b"])
def test_a_file_that_cannot_be_written_is_told_before_anything_starts(path: str, tmp_path: Path) -> None:
    check_files([("--pidfile", str(tmp_path / "pid")), ("--logfile", None)])

    with pytest.raises(ConfigurationError, match=r"^--logfile .*cannot be written: \w"):
        check_files([("--pidfile", str(tmp_path / "pid")), ("--logfile", str(tmp_path / path))])


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("POLITENESS_REQUEST_PER_SECOND", "POLITENESS_REQUESTS_PER_SECOND"),
        ("politeness_requests_per_second", "POLITENESS_REQUESTS_PER_SECOND"),
        ("CONCURENT_REQUESTS", "CONCURRENT_REQUESTS"),
        ("CONCURRENT_REQUESTS_PER_IP", "CONCURRENT_REQUESTS_PER_DOMAIN"),  # Scrapy has it no more
        ("CACHE_TTL_STORES_SECONDS", "CACHE_TTL_STORE_SECONDS"),
        ("DOWNLOAD_TIMOUT", "DOWNLOAD_TIMEOUT"),
        ("log_level", "LOG_LEVEL"),
    ],
)
def test_a_misspelt_name_is_an_error_that_offers_the_nearest(name: str, meant: str) -> None:
    assert wrong(**{name: "1"}) == f"there is no setting {name}. Did you mean {meant}?"


def test_in_a_file_a_name_that_is_nearly_scrapys_may_be_that_of_a_component_of_its_own(tmp_path: Path) -> None:
    settings = project()
    settings.set("USER_AGENTS", ["a", "b"], priority="project")

    read_settings(settings)

    told = list(remarks(settings, read_environment({}, tmp_path)))
    assert told == ["there is no setting USER_AGENTS. Did you mean USER_AGENT?"]
    settings.set("POLITENESS_REQUEST_PER_SECOND", "1", priority="project")
    with pytest.raises(ConfigurationError):
        read_settings(settings)


def test_a_variable_of_the_environment_is_no_setting() -> None:
    assert wrong(DB_PASSWORD=SECRET) == "DB_PASSWORD is no setting: it is read from the environment and .env"


@pytest.mark.parametrize(
    "name", ["MYEXT_ENABLED", "ZYTE_API_KEY", "SCHEDULER_FLUSH_ON_START", "REDIS_PARAMS", "CONTACT"]
)
def test_names_that_are_not_ours_are_nobodys_business(name: str) -> None:
    read_settings(project(**{name: "x"}))


# --- what nobody reads


@pytest.mark.parametrize(
    "name",
    [
        "JOBDIR",
        "AUTOTHROTTLE_ENABLED",
        "HTTPCACHE_ENABLED",
        "DEPTH_LIMIT",
        "COOKIES_ENABLED",
        "MEMUSAGE_LIMIT_MB",
        "MAIL_HOST",
    ],
)
def test_a_setting_of_scrapy_that_has_no_effect_is_said_once(name: str) -> None:
    assert [told for told in without_effect(project(**{name: "1"})) if told.startswith(f"{name} has no effect here; ")]
    assert not list(without_effect(project(**{name: "0"})))


def test_what_the_project_sets_itself_is_not_said() -> None:
    assert not list(without_effect(project()))


def test_a_setting_has_its_effect_where_its_component_is_switched_on() -> None:
    on = project(HTTPCACHE_ENABLED=True, DOWNLOADER_MIDDLEWARES={
        "scrapy.downloadermiddlewares.httpcache.HttpCacheMiddleware": 900})  # fmt: skip
    stock = project(JOBDIR="x", SCHEDULER="scrapy.core.scheduler.Scheduler")

    assert not [*without_effect(on), *without_effect(stock)]


@pytest.mark.parametrize("unread", UNREAD, ids=lambda unread: unread.starts[0])
def test_what_is_called_unread_is_of_a_component_that_is_not_switched_on(unread: Any) -> None:
    if unread.components == "SCHEDULER":
        return
    on = project().get_component_priority_dict_with_base(unread.components)

    assert not [one for one, place in on.items() if place is not None and str(one).endswith(f".{unread.component}")]


def test_a_setting_in_dotenv_is_said_to_be_none_there(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("CACHE_ENABLED=False\nLC_TIME=C\n", encoding="utf-8")

    (told,) = remarks(project(), read_environment({}, tmp_path))

    assert told.startswith("CACHE_ENABLED in .env is not read: it is a setting")


def test_a_setting_in_the_environment_is_said_to_be_none_there(tmp_path: Path) -> None:
    environ = {"POLITENESS_REQUESTS_PER_SECOND": "0.1", "LOG_LEVEL": "DEBUG", "GATE_ENABLED": ""}

    (told,) = remarks(project(), read_environment(environ, tmp_path))

    assert told.startswith("POLITENESS_REQUESTS_PER_SECOND in the environment is not read: it is a setting")


# --- where they are looked at


def test_the_addon_looks_at_those_of_the_spider_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nowhere.invalid/x")
    settings = project()
    settings.set("POSTGRES_COPY_MAX_ROWS", "many", priority="spider")

    with pytest.raises(ConfigurationError, match="POSTGRES_COPY_MAX_ROWS=many"):
        RefillspotAddon().update_settings(settings)


@pytest.mark.parametrize(
    "command",
    [
        ["crawl", "diningcode", "-a", "district=강남구"],
        ["fleet", "diningcode", "-a", "district=강남구"],
        ["fetch", "http://127.0.0.1:9/"],
        ["plan", "-a", "district=강남구"],
    ],
    ids=lambda command: command[0],
)
def test_every_command_ends_with_2_and_a_sentence(command: list[str], launcher: Launcher) -> None:
    given = ["-s", "CONCURRENT_REQUESTS=0", "-s", "LOG_LEVEL=LOUD"]

    ended = launcher.run("scrapy", *command, *given, environment=os.environ)

    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.splitlines() == [
        "Error: CONCURRENT_REQUESTS=0 cannot be used: it must be a whole number from 1 to 2147483647",
        "    LOG_LEVEL=LOUD cannot be used: it must be CRITICAL, ERROR, WARNING, INFO or DEBUG",
    ]
