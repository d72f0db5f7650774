"""What most Scrapy projects store with: one INSERT a row, committed at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg

from refillspot.items import Store
from refillspot.performance.storage import INSERT, insert_values
from refillspot.postgres.database import migrate_database

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler


class InsertPipeline:
    """Settings: DATABASE_URL."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.settings["DATABASE_URL"])

    def open_spider(self) -> None:
        with ThreadPoolExecutor(1) as pool:  # it has a loop of its own
            pool.submit(migrate_database, self._database_url).result()
        self._connection = psycopg.connect(self._database_url)

    def process_item(self, item: Any) -> Any:
        if isinstance(item, Store):
            self._connection.execute(INSERT, insert_values(item))
            self._connection.commit()
        return item

    def close_spider(self) -> None:
        self._connection.close()
