"""A second site crawls through everything, and another Scrapy project through queue and budget alone."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.programs import PROJECT, completed, spawn
from tests.sites.tiny.server import TinySite, tiny_site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.programs import Launcher, Program

STORES = {f"/store/s{number}" for number in range(6)}
LISTS = {f"/list/{number}" for number in range(3)}
REFS = {f"s{number}" for number in range(6)}


@pytest.fixture
def site() -> Iterator[TinySite]:
    with tiny_site() as site:
        yield site


def settings_of(**settings: Any) -> list[str]:
    return [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]


def stats_of(log: str) -> dict[str, str]:
    return dict(re.findall(r"'([\w/]+)': ([^,}]+)[,}]", log))


def test_a_second_site_goes_through_queue_budget_cache_and_storage(
    launcher: Launcher,
    environment: dict[str, str],
    database_url: str,
    key_prefix: str,
    site: TinySite,
    tmp_path: Path,
) -> None:
    settings = settings_of(
        SPIDER_MODULES="tests.sites.tiny.spider", TINY_URL=site.url, REDIS_KEY_PREFIX=key_prefix,
        POLITENESS_REQUESTS_PER_SECOND=100, LOG_LEVEL="INFO",
    )  # fmt: skip
    first = launcher.run("scrapy", "crawl", "tiny", *settings, environment=environment)
    asked = list(site.asked)
    home = {"REFILLSPOT_HOME": str(tmp_path / "home")}
    command = ("fleet", "tiny", "-n", "1", *settings)
    fleet = launcher.run("scrapy", *command, environment=environment | home, children_too=True)

    assert (first.returncode, fleet.returncode) == (0, 0), first.stderr[-3000:] + fleet.stderr[-3000:]
    assert sorted(asked) == sorted([*LISTS, *STORES, "/robots.txt"])
    assert site.asked == asked  # the fleet's crawl is answered from the cache
    assert stats_of(first.stderr)["politeness/permits"] == str(len(asked))
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        stored = {row["ref"]: row for row in connection.execute("SELECT * FROM refillspot.stores")}
        crawls = connection.execute("SELECT spider, state, stored FROM refillspot.crawls").fetchall()
    assert stored.keys() == REFS
    assert {row["refill_verdict"] for row in stored.values()} == {"confirmed"}
    assert crawls == [{"spider": "tiny", "state": "complete", "stored": 6}] * 2


def elsewhere(directory: Path, **settings: Any) -> None:
    """Write another Scrapy project: the settings that docs/reuse.md names, and where its spider is."""
    said = re.search(r"```python\n(.*?)```", (PROJECT / "docs/reuse.md").read_text(encoding="utf-8"), re.DOTALL)
    assert said
    own = "\n".join(f"{name} = {value!r}" for name, value in settings.items())
    (directory / "scrapy.cfg").write_text("[settings]\ndefault = elsewhere\n")
    (directory / "elsewhere.py").write_text(f"{said[1]}\n{own}\n")


def test_another_project_uses_queue_and_budget_without_postgresql(
    launcher: Launcher,
    environment: dict[str, str],
    redis_url: str,
    key_prefix: str,
    site: TinySite,
    tmp_path: Path,
) -> None:
    elsewhere(
        tmp_path, SPIDER_MODULES=["tests.sites.tiny.spider"], TINY_URL=site.url, REDIS_URL=redis_url,
        REDIS_KEY_PREFIX=key_prefix, POLITENESS_REQUESTS_PER_SECOND=100,
    )  # fmt: skip
    without = {name: value for name, value in environment.items() if name not in {"DATABASE_URL", "CACHE_REDIS_URL"}}
    without["PYTHONPATH"] = str(PROJECT)
    logs, read = [], []
    ends_early = ["-s", "CONCURRENT_REQUESTS=1", "-s", "CLOSESPIDER_ITEMCOUNT=1"]
    starts: list[tuple[Callable[..., Program], list[str]]] = [(spawn, ends_early), (launcher.start, [])]
    for number, (start, stops) in enumerate(starts):
        file = tmp_path / f"{number}.jsonl"
        worker = start("scrapy", "crawl", "tiny", "-o", str(file), *stops, directory=tmp_path, environment=without)
        logs.append(completed(worker).stderr)
        read.append([json.loads(line)["ref"] for line in file.read_text("utf-8").splitlines()])

    assert all(read), logs  # the first ended early, the second went on from there
    assert sorted([*read[0], *read[1]]) == sorted(REFS)
    assert sorted(site.asked) == sorted([*LISTS, *STORES])
    assert sum(int(stats_of(log)["politeness/permits"]) for log in logs) == len(site.asked)
    assert [stats_of(log).get("crawl/state") for log in logs] == [None, "'complete'"]
