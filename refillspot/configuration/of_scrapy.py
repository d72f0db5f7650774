"""What Scrapy's own settings may be, where this project has no value of its own: which classes, feeds, log lines."""

from __future__ import annotations

import codecs
import json
import logging
from importlib.util import find_spec
from typing import Any

from scrapy.settings import default_settings

from refillspot.configuration.values import (
    AN_ANSWER,
    CLASS,
    MAPPING,
    MOST_BYTES,
    OURS,
    SWITCH,
    Allowed,
    importable,
    listed,
    mapping,
    number,
    seconds,
    whole,
)
from refillspot.language import lazy_gettext as _


def _pairs(given: Any) -> Any:
    read = mapping(given)
    return json.loads(read) if isinstance(read, str) else read


def _components(given: Any) -> Any:
    """Read a mapping of classes to their places, None for one that is switched off."""
    for component, place in _pairs(given).items():
        if place is not None:
            importable(component)
            float(place)
    return given


def _addons(given: Any) -> Any:
    """Read components; where `-s` names some (a text), the one that finds the servers is to be among them."""
    if isinstance(given, str) and OWN_ADDON not in _pairs(given):
        raise ValueError
    return _components(given)


def _feeds(given: Any) -> Any:
    """Read a mapping of files to how they are written."""
    for feed in _pairs(given).values():
        mapping(feed)
    return given


def _modules(given: Any) -> Any:
    for name in (modules := listed(given)):
        try:
            found = find_spec(str(name))
        except ImportError:
            found = None
        if found is None:
            raise ValueError
    return modules


def _log_line(given: Any) -> Any:
    logging.Formatter(given).format(logging.makeLogRecord({}))
    return given


def _encoding(given: Any) -> Any:
    try:
        codecs.lookup(given)
    except LookupError as error:
        raise ValueError from error
    return given


OWN_ADDON = "refillspot.addon.RefillspotAddon"
ADDONS = Allowed(_addons, _('a JSON object with {{"refillspot.addon.RefillspotAddon": 0}}, which finds the servers'))
COMPONENTS = Allowed(_components, _('a JSON object of classes that can be imported, as {{"my.Extension": 500}}'))
FEEDS = Allowed(_feeds, _('a JSON object of files, as {{"stores.json": {{"format": "json"}}}}'))
MODULES = Allowed(_modules, _("modules that can be imported, with commas"))
LOG_LINE = Allowed(_log_line, _("a format of the module logging, as %(levelname)s: %(message)s"))
ENCODING = Allowed(_encoding, _("the name of an encoding, as utf-8"))
MAPPINGS = (MAPPING, ADDONS, COMPONENTS, FEEDS)
"""Those that Scrapy takes apart as soon as `-s` gives them."""

_ANY_NUMBER = number(float, _("a number"), -MOST_BYTES, MOST_BYTES)
_ANY_WHOLE = number(int, _("a whole number"), -MOST_BYTES, MOST_BYTES)
OF_SCRAPY: dict[str, Allowed] = {
    "ADDONS": ADDONS,
    "CLOSESPIDER_ERRORCOUNT": whole(0),
    "CLOSESPIDER_ITEMCOUNT": whole(0),
    "CLOSESPIDER_PAGECOUNT": whole(0),
    "CLOSESPIDER_PAGECOUNT_NO_ITEM": whole(0),
    "CLOSESPIDER_TIMEOUT": seconds(),
    "CLOSESPIDER_TIMEOUT_NO_ITEM": seconds(),
    "DNS_RESOLVER": CLASS,
    "DNS_TIMEOUT": seconds(AN_ANSWER),
    "DOWNLOADER_MIDDLEWARES": COMPONENTS,
    "DOWNLOAD_DELAY": seconds(),
    "EXTENSIONS": COMPONENTS,
    "FEEDS": FEEDS,
    "FEED_EXPORT_ENCODING": ENCODING,
    "ITEM_PIPELINES": COMPONENTS,
    "ITEM_PROCESSOR": CLASS,
    "LOGSTATS_INTERVAL": seconds(),
    "LOG_ENCODING": ENCODING,
    "LOG_FORMAT": LOG_LINE,
    "REACTOR_THREADPOOL_MAXSIZE": whole(1),
    "REQUEST_FINGERPRINTER_CLASS": CLASS,
    "ROBOTSTXT_PARSER": CLASS,
    "SPIDER_LOADER_CLASS": CLASS,
    "SPIDER_MIDDLEWARES": COMPONENTS,
    "SPIDER_MODULES": MODULES,
    "STATS_CLASS": CLASS,
    "TELNETCONSOLE_ENABLED": SWITCH,
    "TWISTED_REACTOR": CLASS,
}
"""Those of Scrapy of which a wrong value does harm; others are of the kind that Scrapy's default is."""


def allowed_for(name: str) -> Allowed | None:
    """Return what a setting may be; None: anything, or it is known to nobody here."""
    if known := OURS.get(name) or OF_SCRAPY.get(name):
        return known
    default = vars(default_settings).get(name)
    kinds = {bool: SWITCH, int: _ANY_WHOLE, float: _ANY_NUMBER, dict: MAPPING}
    return kinds.get(type(default))
