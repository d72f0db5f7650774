"""Scrapy's open doors are closed, whatever its defaults become."""

from __future__ import annotations

import re

import pytest
from scrapy.settings import Settings, default_settings

from refillspot import middlewares
from refillspot import settings as module

PORTS_AND_PICKLES = {
    "REMOTE_CONTROL_ENABLED": False,
    "TELNETCONSOLE_ENABLED": False,
    "DOWNLOAD_VERIFY_CERTIFICATES": True,
    "ROBOTSTXT_OBEY": True,
    "COOKIES_ENABLED": False,
    "SCHEDULER_PERSIST": True,
}


@pytest.fixture
def settings() -> Settings:
    loaded = Settings()
    loaded.setmodule(module)
    return loaded


@pytest.mark.parametrize(("name", "value"), PORTS_AND_PICKLES.items())
def test_what_is_closed(settings: Settings, name: str, value: bool) -> None:  # noqa: FBT001  # a table's value
    assert settings.getbool(name) is value


def test_only_http_and_https_are_spoken(settings: Settings) -> None:
    handlers = settings.get_component_priority_dict_with_base("DOWNLOAD_HANDLERS")

    assert {scheme for scheme, handler in handlers.items() if handler} == {"http", "https"}


def test_nothing_that_runs_what_comes_by_a_port_is_loaded(settings: Settings) -> None:
    extensions = settings.get_component_priority_dict_with_base("EXTENSIONS")

    assert not [name for name in extensions if "remote_control" in name or "telnet" in name]


@pytest.mark.parametrize("name", ["DOWNLOADER_MIDDLEWARES_BASE", "SPIDER_MIDDLEWARES_BASE", "EXTENSIONS_BASE"])
def test_scrapys_own_components_keep_their_names_and_places(settings: Settings, name: str) -> None:
    assert settings.getdict(name).items() <= getattr(default_settings, name).items()


def test_the_queue_is_not_pickled(settings: Settings) -> None:
    assert settings["SCHEDULER_SERIALIZER"] == "refillspot.frontier.codec"


def test_the_default_pace_is_one_request_a_second(settings: Settings) -> None:
    assert settings.getfloat("POLITENESS_REQUESTS_PER_SECOND") == 1
    assert settings.getint("CONCURRENT_REQUESTS") <= settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN")


def test_the_table_of_middlewares_says_what_the_settings_say() -> None:
    ours = [*module.DOWNLOADER_MIDDLEWARES.items(), *module.SPIDER_MIDDLEWARES.items()]
    order = [(path.rpartition(".")[2], place) for path, place in ours if path.startswith("refillspot.")]
    told = re.findall(r"(\w+Middleware) +(\d+)", middlewares.__doc__ or "")

    assert [(name, int(place)) for name, place in told] == order
    assert sorted(name for name, _ in order) == middlewares.__all__
