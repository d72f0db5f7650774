"""What each setting may be. Read once, before anything starts: whoever asks for a setting later finds what it needs."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeAlias
from urllib.parse import urlsplit

import msgspec

from refillspot.language import Message
from refillspot.language import lazy_gettext as _
from refillspot.policies.politeness_settings import CrawlWindow

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec

Read: TypeAlias = Callable[[Any], Any]
"""Makes what is read of what was given; raises ValueError, or an error of this project that says what is wrong."""

MOST_SECONDS = 10 * 365 * 24 * 3600  # ten years: more than that is a slip, and nothing that Redis or a clock can hold
MOST_HOURS = 365 * 24
MOST = 2**31 - 1  # of what is counted, as C counts it
MOST_BYTES = 2**53
MOST_TASKS = 10_000  # Scrapy makes as many for each response, whatever it yields; a million take a minute and a GiB
A_DAY = 24 * 3600  # PostgreSQL counts in milliseconds, up to MOST; and for so long what was killed is called running


class Allowed(NamedTuple):
    """What a setting may be: how it is read, and what people are told."""

    read: Read
    words: Message
    least: float | None = None
    most: float | None = None

    def told(self) -> str:
        """Say what is allowed."""
        return self.words().format(least=_plain(self.least), most=_plain(self.most))


def _plain(number: float | None) -> str:
    return "" if number is None else f"{number:.15g}"


def number(kind: type[int | float], words: Message, least: float, most: float) -> Allowed:
    bounded: Any = Annotated[kind, msgspec.Meta(ge=least, le=most)]

    def read(given: Any) -> Any:
        return msgspec.convert(given.strip() if isinstance(given, str) else given, bounded, strict=False)

    return Allowed(read, words, least, most)


def whole(least: int, most: int = MOST) -> Allowed:
    return number(int, _("a whole number from {least} to {most}"), least, most)


def seconds(least: float = 0.0, most: float = MOST_SECONDS) -> Allowed:
    return number(float, _("a number of seconds from {least} to {most}"), least, most)


def _switch(given: Any) -> bool:
    return bool(msgspec.convert(given.strip() if isinstance(given, str) else given, bool, strict=False))


def _text(given: Any) -> str:
    """Read a text of one line."""
    if not isinstance(given, str) or not given.isprintable():
        raise ValueError
    return given


def _some_text(given: Any) -> str:
    if not (text := _text(given).strip()):
        raise ValueError
    return text


def _header(given: Any) -> str:
    if not _text(given).isascii():
        raise ValueError
    return str(given)


def _path(given: Any) -> Any:
    if isinstance(given, str) and "\0" in given:
        raise ValueError
    return given


def _window(given: Any) -> str:
    text = _text(given or "")
    CrawlWindow.parse(text)
    return text


def _key_prefix(given: Any) -> str:
    """Read the start of keys; what stands for any text in a pattern of Redis would find keys of others."""
    if not re.fullmatch(r"[\w.:-]+", str(given)):
        raise ValueError
    return str(given)


def web_address(given: Any) -> str:
    """Read the address of a host, with its scheme.

    Raises:
        ValueError: it is none, or names an account.
    """
    parts = urlsplit(_some_text(given))
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc or parts.port == 0:
        raise ValueError
    if parts.query or parts.fragment or re.search(r"\s", given.strip()):
        raise ValueError
    return str(given).strip()


def _level(given: Any) -> Any:
    if isinstance(given, int) or given in logging.getLevelNamesMapping():
        return given
    if str(given).strip().upper() in logging.getLevelNamesMapping():
        return str(given).strip().upper()
    raise ValueError


def _port(given: Any) -> str:
    return "" if given == "" else str(whole(0, 65535).read(given))


def _workers(given: Any) -> str:
    return "auto" if given == "auto" else str(whole(1).read(given))


def _every(given: Any) -> Any:
    return given if given == "auto" else HOURS.read(given)


def listed(given: Any) -> Any:
    if isinstance(given, str):
        return [part.strip() for part in given.split(",")] if given.strip() else []
    if not isinstance(given, Sequence | set | frozenset):
        raise ValueError  # noqa: TRY004  # one error for all that cannot be read
    return given


def _statuses(given: Any) -> list[int]:
    return [whole(100, 599).read(status) for status in listed(given)]


def mapping(given: Any) -> Any:
    read = json.loads(given) if isinstance(given, str) else given
    if not isinstance(read, Mapping):
        raise ValueError  # noqa: TRY004  # one error for all that cannot be read
    return given


def importable(given: Any) -> Any:
    """Read the path of a class or module. Nothing is imported: what imports a reactor would choose it."""
    if not isinstance(given, str):
        return given  # the class itself
    module, dot, name = (path := given.strip()).rpartition(".")
    if not dot or not (_spec(path) or _has(_spec(module), name)):
        raise ValueError
    return path


def _spec(module: str) -> ModuleSpec | None:
    try:
        return find_spec(module)
    except (ImportError, ValueError):
        return None


def _has(module: ModuleSpec | None, name: str) -> bool:
    """Tell whether a module may have a name, as far as its text tells: one that stands nowhere in it, it has not."""
    if module is None:
        return False
    read = getattr(module.loader, "get_source", None)
    text = read(module.name) if read else None
    return text is None or bool(re.search(rf"\b{re.escape(name)}\b|import \*|__getattr__", text))


SWITCH = Allowed(_switch, _("True or False"))
SHARE = number(float, _("a number from {least} to {most}"), 0, 1)
ADDRESS = Allowed(web_address, _("an address with its scheme, as https://im.diningcode.com"))
CLASS = Allowed(importable, _("the path of a class or module that can be imported"))
TEXT = Allowed(_text, _("a text of one line"))
MAPPING = Allowed(mapping, _('a JSON object, as {{"Accept-Language": "ko"}}'))
FILE = Allowed(_path, _("the path of a file"))
LIST = Allowed(listed, _("a list: several with commas"))
BYTES = number(int, _("a number of bytes from {least} to {most}"), 0, MOST_BYTES)
MEBIBYTES = number(float, _("a number of MiB from {least} to {most}"), 0, MOST)
HOURS = number(float, _("a number of hours from {least} to {most}"), 0, MOST_HOURS)
A_MOMENT = 0.001  # seconds; what is done so often takes all of a processor
AN_ANSWER = 1  # second; what may take less than an answer takes never comes to anything, and is waited for without end

OURS: dict[str, Allowed] = {
    "BACKUP_MAX_AGE_SECONDS": seconds(),
    "BOT_NAME": TEXT,
    "CACHE_ENABLED": SWITCH,
    "CACHE_ANSWER_SECONDS": seconds(A_MOMENT),
    "CACHE_LEASE_SECONDS": seconds(A_MOMENT, A_DAY),
    "CACHE_MAX_VALUE_BYTES": BYTES,
    "CACHE_MAX_WAITING_MISSES": whole(0),
    "CACHE_STALE_IF_ERROR_SECONDS": seconds(),
    "CACHE_TTL_LIST_SECONDS": seconds(),
    "CACHE_TTL_PERMANENT_SECONDS": seconds(),
    "CACHE_TTL_ROBOTS_SECONDS": seconds(),
    "CACHE_TTL_STORE_SECONDS": seconds(),
    "CLOCK_OFFSET_SECONDS": seconds(-MOST_SECONDS),
    "CONCURRENCY_ADAPTIVE_ENABLED": SWITCH,
    "CONCURRENCY_START": whole(1),
    "CONCURRENT_ITEMS": whole(1, MOST_TASKS),
    "CONCURRENT_REQUESTS": whole(1),
    "CONCURRENT_REQUESTS_PER_DOMAIN": whole(1),
    "CRAWL_STATS": LIST,
    "CRAWL_WINDOW": Allowed(_window, _("a time range, as 01:00-06:00, or nothing")),
    "DEFAULT_REQUEST_HEADERS": MAPPING,
    "DININGCODE_API_URL": ADDRESS,
    "DININGCODE_WEB_URL": ADDRESS,
    "DOWNLOADER": CLASS,
    "DOWNLOAD_MAXSIZE": BYTES,
    "DOWNLOAD_TIMEOUT": seconds(AN_ANSWER),
    "DOWNLOAD_WARNSIZE": BYTES,
    "DUPEFILTER_CLASS": CLASS,
    "EARLY_STOP_PAGES": whole(0),
    "FALLBACK_ENABLED": SWITCH,
    "FALLBACK_PROBE_SECONDS": seconds(),
    "FLEET_MAX_MEMORY_MB": whole(1),
    "FLEET_WORKERS": Allowed(_workers, _("auto, or a number of workers")),
    "FRONTIER_LEASE_SECONDS": seconds(AN_ANSWER, A_DAY),
    "FRONTIER_MAX_ATTEMPTS": whole(1),
    "FRONTIER_MAX_IN_HAND": whole(1),
    "GATE_ENABLED": SWITCH,
    "FRONTIER_PREFETCH": whole(0),
    "GATE_CHECK_PAGES": whole(0),
    "GATE_CITY_LOST": SHARE,
    "GATE_ERRORS": SHARE,
    "GATE_FIELD_LOST": SHARE,
    "GATE_MENUS_HALVED": SHARE,
    "GATE_MOVED": SHARE,
    "GATE_ODD": SHARE,
    "GATE_PAGES_FOR_PEOPLE": SHARE,
    "GATE_STORES_LOST": SHARE,
    "GC_THRESHOLD_OBJECTS": whole(0),
    "HEARTBEAT_SECONDS": seconds(0, 20),
    "LOG_FORMATTER": CLASS,
    "LOG_JSON_FILE": FILE,
    "LOG_LEVEL": Allowed(_level, _("CRITICAL, ERROR, WARNING, INFO or DEBUG")),
    "MEMORY_CHECK_SECONDS": seconds(A_MOMENT),
    "METRICS_PORT": Allowed(_port, _("a port from 0 to 65535, or nothing")),
    "POLITENESS_BLOCK_SECONDS": seconds(),
    "POLITENESS_FAST_ALLOWED": SWITCH,
    "POLITENESS_REQUESTS_PER_SECOND": number(float, _("a number of requests a second, as 0.5"), 0, 1_000_000),
    "POSTGRES_COPY_MAX_ROWS": whole(1),
    "POSTGRES_COPY_MAX_SECONDS": seconds(),
    "POSTGRES_TIMEOUT_SECONDS": seconds(AN_ANSWER, A_DAY),
    "REDIS_KEY_PREFIX": Allowed(_key_prefix, _("letters, digits and any of _ . : -")),
    "REDIRECT_MAX_TIMES": whole(0),
    "RETRY_BACKOFF_SECONDS": seconds(),
    "RETRY_HTTP_CODES": Allowed(_statuses, _("HTTP statuses from 100 to 599, with commas")),
    "RETRY_TIMES": whole(0),
    "ROBOTSTXT_USER_AGENT": TEXT,
    "SCHEDULE_EVERY_HOURS": Allowed(_every, _("auto, or a number of hours")),
    "SCHEDULER": CLASS,
    "SCHEDULER_PERSIST": SWITCH,
    "SCHEDULER_SERIALIZER": CLASS,
    "SCRAPER_SLOT_MAX_ACTIVE_SIZE": BYTES,
    "SITE_ADDRESSES": LIST,
    "SITE_AWAY_MAX_SECONDS": seconds(),
    "SITE_AWAY_START_SECONDS": seconds(),
    "UNLIKELY_SAMPLE_SHARE": SHARE,
    "USER_AGENT": Allowed(_header, _("a text of one line in ASCII, as it is sent")),
    "USER_AGENT_ROTATION_ENABLED": SWITCH,
    "WORKER_MAX_MEMORY_MB": MEBIBYTES,
}
"""The settings of this project, and those of Scrapy for which it has a value of its own."""
