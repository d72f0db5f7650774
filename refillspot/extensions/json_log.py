"""The log as JSON lines, for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.exceptions import NotConfigured

from refillspot.exceptions import ConfigurationError
from refillspot.language import gettext as _
from refillspot.logs import Origin, write_json_log
from refillspot.retelling import system_words

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.statscollectors import StatsCollector


class JsonLog:
    """Writes LOG_JSON_FILE beside the log for people, to the end of the process.

    Settings: LOG_JSON_FILE, LOG_LEVEL. Reads crawl/id and crawl/worker.

    Raises:
        ConfigurationError: the file cannot be written.
    """

    def __init__(self, path: str, level: str, stats: StatsCollector) -> None:
        self._stats = stats
        try:
            write_json_log(path, level, self._origin)
        except OSError as error:
            raise ConfigurationError(
                _("LOG_JSON_FILE={path} cannot be written: {error}").format(path=path, error=system_words(error))
            ) from error

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not (path := crawler.settings.get("LOG_JSON_FILE")):
            raise NotConfigured  # LOG_JSON_FILE is not set
        return cls(path, crawler.settings["LOG_LEVEL"], crawler.stats)

    def _origin(self) -> Origin:
        return Origin(self._stats.get_value("crawl/id"), self._stats.get_value("crawl/worker"))
