"""Scrapy's open doors are closed, whatever its defaults become."""

from __future__ import annotations

import pytest
from scrapy.settings import Settings

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


def test_the_queue_is_not_pickled(settings: Settings) -> None:
    assert settings["SCHEDULER_SERIALIZER"] == "refillspot.frontier.codec"


def test_the_default_pace_is_one_request_a_second(settings: Settings) -> None:
    assert settings.getfloat("POLITENESS_REQUESTS_PER_SECOND") == 1
    assert settings.getint("CONCURRENT_REQUESTS") <= settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN")
