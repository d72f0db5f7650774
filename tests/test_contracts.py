"""`scrapy check`: callbacks against saved answers, without the site and without a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.contracts import ContractsManager
from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader

from refillspot.contracts import SavedAnswerContract

if TYPE_CHECKING:
    from pathlib import Path

    from tests.programs import Launcher

CHANGED = '''
from refillspot.spiders.diningcode import DiningcodeSpider


class Changed(DiningcodeSpider):
    def parse_store(self, response, row, **others):
        """
        @saved store
        """
        for store in super().parse_store(response, row, **others):
            store.phone = None
            yield store

    def parse_of_somebody(self, response):
        """
        @url {url}
        @returns items 0
        """
'''


def test_each_callback_has_a_contract() -> None:
    spiders = SpiderLoader(Settings({"SPIDER_MODULES": ["refillspot.spiders"]}))
    manager = ContractsManager([SavedAnswerContract])
    for name in spiders.list():
        spider = spiders.load(name)
        callbacks = {member for member in dir(spider) if member.startswith("parse_")}
        assert callbacks == set(manager.tested_methods_from_spidercls(spider))


def test_callbacks_are_checked_without_the_site_and_without_servers(
    launcher: Launcher, tmp_path: Path, free_port: int
) -> None:
    nobody = {name: f"{kind}://127.0.0.1:{free_port}" for name, kind in
              (("DATABASE_URL", "postgresql"), ("REDIS_URL", "redis"), ("CACHE_REDIS_URL", "redis"))}  # fmt: skip
    elsewhere = f"DININGCODE_WEB_URL=http://127.0.0.1:{free_port}"
    whole = launcher.run("scrapy", "check", "-s", elsewhere, environment=nobody)
    (tmp_path / "changed.py").write_text(CHANGED.format(url=f"http://127.0.0.1:{free_port}/"), "utf-8")
    there = nobody | {"SCRAPY_SETTINGS_MODULE": "refillspot.settings"}
    changed = launcher.run(
        "scrapy", "check", "diningcode", "-s", "SPIDER_MODULES=changed", environment=there, directory=tmp_path
    )

    assert whole.returncode == 0, whole.stderr
    assert "Ran 2 contracts" in whole.stderr
    assert changed.returncode == 1
    assert '-  "phone": "' in changed.stderr
    assert "scrapy check asks no site" in changed.stderr
