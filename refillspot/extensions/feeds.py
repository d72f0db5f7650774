"""Scrapy's feeds (`-o`, `-O`, `FEEDS`) and CLOSESPIDER_ITEMCOUNT, for stores and nothing else of the crawl."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy import exporters
from scrapy.exceptions import NotConfigured
from scrapy.extensions.closespider import CloseSpider
from scrapy.extensions.feedexport import FeedExporter

from refillspot.configuration import check_files
from refillspot.exceptions import ConfigurationError
from refillspot.export.rows import csv_text, feed_row, xml_text
from refillspot.items import Store, UnknownStore, UnreadPage
from refillspot.language import gettext as _
from refillspot.planning.keywords import QueryAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrapy import Spider
    from scrapy.crawler import Crawler

OF_THE_CRAWL = (UnreadPage, UnknownStore, QueryAnswer)
"""Items that are for the crawl's own storage."""


class StoreFeeds(FeedExporter):
    """Scrapy's own, which hands on what people ask a feed for: stores, and whatever other spiders yield.

    Settings: FEEDS and the other FEED_… of Scrapy.

    Raises:
        ConfigurationError: a file cannot be written; Scrapy would say so in the log, once for each store. Or nobody
            writes such a format; Scrapy would crawl without.
    """

    def __init__(self, crawler: Crawler) -> None:
        try:
            super().__init__(crawler)
        except NotConfigured as error:
            if not crawler.settings.getdict("FEEDS"):
                raise
            formats = crawler.settings.get_component_priority_dict_with_base("FEED_EXPORTERS")
            told = _("FEEDS names a format or a place that nothing here can write; the formats are {formats}")
            raise ConfigurationError(told.format(formats=", ".join(sorted(formats)))) from error
        check_files(((_("feed"), uri) for uri in self.feeds if _is_file(uri)), makes_folder=True)

    def item_scraped(self, item: Any, spider: Spider) -> None:
        if not isinstance(item, OF_THE_CRAWL):
            super().item_scraped(item, spider)


def _is_file(uri: str) -> bool:
    """Tell whether a feed is a file whose name is known already, with no time or batch in it."""
    return not urlsplit(uri).scheme and "%(" not in uri


class StoreLimits(CloseSpider):
    """Scrapy's own, which counts what people mean with an item.

    Settings: CLOSESPIDER_ITEMCOUNT and the other CLOSESPIDER_… of Scrapy.
    """

    def item_scraped(self, item: Any, spider: Spider) -> None:
        if not isinstance(item, OF_THE_CRAWL):
            super().item_scraped(item, spider)


class _AsRow:
    """Before one of Scrapy's exporters: it is given the row of a store. Other items pass as they are."""

    def export_item(self, item: Any) -> None:
        row = self.row_of(feed_row(item)) if isinstance(item, Store) else item
        super().export_item(row)  # type: ignore[misc]  # that of the exporter

    def row_of(self, columns: dict[str, Any]) -> Mapping[str, Any]:
        return columns


class JsonFeed(_AsRow, exporters.JsonItemExporter):
    pass


class JsonLinesFeed(_AsRow, exporters.JsonLinesItemExporter):
    pass


class PickleFeed(_AsRow, exporters.PickleItemExporter):
    pass


class MarshalFeed(_AsRow, exporters.MarshalItemExporter):
    pass


class CsvFeed(_AsRow, exporters.CsvItemExporter):
    """Nested values as JSON; an apostrophe before what a spreadsheet would change."""

    def row_of(self, columns: dict[str, Any]) -> Mapping[str, Any]:
        return {name: csv_text(value) for name, value in columns.items()}


class XmlFeed(_AsRow, exporters.XmlItemExporter):
    """Nested values as JSON: no element can be called "0", as a weekday is. What is not known has no element."""

    def row_of(self, columns: dict[str, Any]) -> Mapping[str, Any]:
        return {name: xml_text(value) for name, value in columns.items() if value is not None}
