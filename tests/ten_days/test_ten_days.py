"""Ten days of a small city: the history lists what happened, each once, between two looks, and nothing else."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.crawl.conftest import start_site
from tests.own_postgres import OwnPostgres
from tests.ten_days.city import City
from tests.ten_days.days import Days

if TYPE_CHECKING:
    from pathlib import Path

    from tests.programs import Launcher

CITY = City(seed=88, refill=80, ordinary=10, daily=0.03, festival=2, poorer=0.05)
DAYS, KILLS = 10, 5


@pytest.mark.timeout(900)  # a dozen crawls, on a machine that is busy with others
def test_ten_days(launcher: Launcher, short_directory: Path, environment: dict[str, str], key_prefix: str) -> None:
    directory = short_directory / "ten-days"
    directory.mkdir()
    postgres = OwnPostgres(directory)
    postgres.start()
    try:
        start = partial(launcher.start, "scrapy", environment=environment | {"DATABASE_URL": postgres.url})
        with start_site(launcher, *CITY.options()) as site:
            days = Days(CITY, site, postgres, start, key_prefix)
            for day in range(DAYS):
                days.live(under_kills=day == KILLS)

        assert not [*days.faults()]
        assert days.counts().keys() >= {"name", "addr", "phone", "hours", "menu", "refill_price_krw", "status"}
    finally:
        postgres.kill()
