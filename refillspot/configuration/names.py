"""Names of settings: which there are, which are misspelt, and which of Scrapy's nobody here reads."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from scrapy.settings import SETTINGS_PRIORITIES, default_settings

from refillspot.configuration.values import OURS
from refillspot.language import Message, did_you_mean, gettext
from refillspot.language import lazy_gettext as _
from refillspot.services import VARIABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapy.settings import BaseSettings

ALSO_SETTINGS = ("DATABASE_URL", "REDIS_URL", "CACHE_REDIS_URL", "CONTACT", "NOTIFY_URL")
"""Variables of the environment that can be given as settings too."""
SCRAPY_REDIS = (
    "SCHEDULER_DUPEFILTER_CLASS", "SCHEDULER_DUPEFILTER_KEY", "SCHEDULER_FLUSH_ON_START", "SCHEDULER_IDLE_BEFORE_CLOSE",
    "SCHEDULER_QUEUE_CLASS", "SCHEDULER_QUEUE_KEY", "REDIS_ENCODING", "REDIS_PARAMS",
)  # fmt: skip
FRAMEWORK = {name for name in vars(default_settings) if name.isupper()}
KNOWN = sorted({*OURS, *FRAMEWORK, *ALSO_SETTINGS, *SCRAPY_REDIS})
ALIKE = 0.83  # from here on a name is a slip: a letter or an ending too many or too few
OUR_SCHEDULER = "refillspot.frontier.scheduler.Scheduler"


class Unread(NamedTuple):
    """Settings of Scrapy, by how they begin, that only a component reads which this project does without."""

    starts: tuple[str, ...]
    components: str
    """The setting that would name the component."""
    component: str
    instead: Message


UNREAD = (
    Unread(("AUTOTHROTTLE_",), "EXTENSIONS", "AutoThrottle",
           _("how fast the site is asked: POLITENESS_REQUESTS_PER_SECOND, CONCURRENCY_ADAPTIVE_ENABLED")),
    Unread(("HTTPCACHE_",), "DOWNLOADER_MIDDLEWARES", "HttpCacheMiddleware",
           _("the page cache: CACHE_ENABLED, CACHE_TTL_…")),
    Unread(("DEPTH_",), "SPIDER_MIDDLEWARES", "DepthMiddleware",
           _("how much is fetched: the spider's arguments, as -a limit=20")),
    Unread(("JOBDIR", "SCHEDULER_DEBUG", "SCHEDULER_DISK_QUEUE", "SCHEDULER_MEMORY_QUEUE", "SCHEDULER_PRIORITY_QUEUE",
            "SCHEDULER_START_", "SCHEDULER_QUEUE_", "SCHEDULER_DUPEFILTER_", "SCHEDULER_IDLE_", "DUPEFILTER_DEBUG"),
           "SCHEDULER", "Scheduler",
           _("the queue is in Redis, where the same command goes on with an interrupted crawl")),
    Unread(("COOKIES_",), "DOWNLOADER_MIDDLEWARES", "CookiesMiddleware", _("no cookies are kept or sent")),
    Unread(("METAREFRESH_",), "DOWNLOADER_MIDDLEWARES", "MetaRefreshMiddleware",
           _("only redirects within the site are followed: REDIRECT_ENABLED")),
    Unread(("HTTPAUTH_",), "DOWNLOADER_MIDDLEWARES", "HttpAuthMiddleware", _("no account of the site is used")),
    Unread(("MEMUSAGE_",), "EXTENSIONS", "MemoryUsage",
           _("how much memory a worker may take: WORKER_MAX_MEMORY_MB, FLEET_MAX_MEMORY_MB")),
    Unread(("MEMDEBUG_",), "EXTENSIONS", "MemoryDebugger", _("what a worker takes: memory/… in its stats")),
    Unread(("TELNETCONSOLE_",), "EXTENSIONS", "TelnetConsole",
           _("no port lets a running crawl be changed; it is looked at with scrapy top")),
    Unread(("REMOTE_CONTROL_",), "EXTENSIONS", "RemoteControl",
           _("no port lets a running crawl be changed; it is looked at with scrapy top")),
    Unread(("PERIODIC_LOG_",), "EXTENSIONS", "PeriodicLog", _("a running crawl: scrapy top, scrapy stats")),
    Unread(("STATSMAILER_", "MAIL_"), "EXTENSIONS", "StatsMailer", _("who is told of the end: NOTIFY_URL")),
    Unread(("URLLENGTH_",), "SPIDER_MIDDLEWARES", "UrlLengthMiddleware", _("addresses of any length are asked for")),
    Unread(("IMAGES_",), "ITEM_PIPELINES", "ImagesPipeline", _("no pictures are fetched")),
    Unread(("FILES_",), "ITEM_PIPELINES", "FilesPipeline", _("no files are fetched")),
)  # fmt: skip


def misspelt_names(settings: BaseSettings) -> Iterator[str]:
    """Yield a sentence for each name that is nearly one of ours, or of Scrapy's where `-s` gives it."""
    for name in _set_by_hand(settings):
        if name in VARIABLES and name not in ALSO_SETTINGS:
            yield gettext("{name} is no setting: it is read from the environment and .env").format(name=name)
    yield from (told for told, is_sure in _near_names(settings) if is_sure)


def perhaps_misspelt_names(settings: BaseSettings) -> Iterator[str]:
    """Yield a sentence for each name in a file that is nearly one of Scrapy's: a component may read it."""
    yield from (told for told, is_sure in _near_names(settings) if not is_sure)


def _near_names(settings: BaseSettings) -> Iterator[tuple[str, bool]]:
    """Yield what to say of each name that is unknown and near to a known one, and whether it surely is a slip."""
    for name in _set_by_hand(settings):
        if name in KNOWN or name in VARIABLES or not (near := _nearest(name.upper())):
            continue
        is_given = (settings.getpriority(name) or 0) >= SETTINGS_PRIORITIES["cmdline"]
        told = gettext("there is no setting {name}.").format(name=name) + did_you_mean(name.upper(), near)
        yield told, is_given or near[0] not in FRAMEWORK


@cache
def _nearest(name: str) -> list[str]:
    """Return the known setting that is nearly this one, if any does; settings are looked at several times."""
    return get_close_matches(name, KNOWN, 1, ALIKE)


def without_effect(settings: BaseSettings) -> Iterator[str]:
    """Yield a sentence for each setting of Scrapy that is set, and that no part of this crawl reads."""
    for name in _set_by_hand(settings):
        default = vars(default_settings).get(name)
        if not settings[name] or str(settings[name]) in {str(default), "0", "False", "false"}:
            continue
        for unread in UNREAD:
            if name.startswith(unread.starts) and not _has(settings, unread):
                yield gettext("{name} has no effect here; {instead}").format(name=name, instead=unread.instead())


def _set_by_hand(settings: BaseSettings) -> list[str]:
    """Return what is set beyond Scrapy's defaults: by the project, the spider, an add-on, the command or `-s`."""
    default = SETTINGS_PRIORITIES["default"]
    return sorted(str(name) for name in settings if (settings.getpriority(name) or 0) > default)


def _has(settings: BaseSettings, unread: Unread) -> bool:
    if unread.components == "SCHEDULER":
        return str(settings["SCHEDULER"]) != OUR_SCHEDULER
    places = settings.get_component_priority_dict_with_base(unread.components)
    on = [getattr(one, "__name__", str(one)) for one, place in places.items() if place is not None]
    return any(name.endswith(unread.component) for name in on)
