"""What is left of English in a Korean text, names and what is typed excepted."""

from __future__ import annotations

import pkgutil
import re
from importlib import import_module

import refillspot.commands

NOT_PROSE = re.compile(
    r"`[^`\n]+`"  # code
    r"|\x1b\[[\d;?]*[A-Za-z]"  # colours
    r"|\[options\]|<[\w|]+>"
    r"|\w+://\S+"
    r"|(?:python -m |\.?/|docs/)[\w./-]+"
    r"|\b(?:scrapy|make|curl|docker compose|pip install)(?: [^가-힣\s]+)+"  # commands with what is given to them
    r"|\bscrapy\b"
    r"|(?<!\w)--?[a-zA-Z][\w-]*"  # options
    r"|(?<!\w)\.\w+"  # .env
    r"|\b\w+=\S*"  # values that are given
    r"|(?a:[\w-]*(?:\d|_)[\w-]*)"  # ids, figures with their units, names of settings
    r"|(?<![A-Za-z])[A-Za-z]*[a-z][A-Z][A-Za-z]*"  # ids without a digit, classes
    r"|(?<![A-Za-z])[A-Z]{2,}s?(?![A-Za-z])"  # settings, HTTP, JSON
    r"|(?a:[\w-]+(?:\.[\w-]+)+)"  # files, hosts, modules, tables
    r"|\b\w+(?:\[\])?(?:/[\w\[\]]+)+"  # names of stats
)
WORD = re.compile(r"[A-Za-z][A-Za-z'-]+")
NAMES = set(
    "csv jsonl geojson sqlite geoparquet SQLite "  # of scrapy export
    "auto last id ref true false null district region keywords limit crawl supersede postgres redis redis-cache "
    "PostgreSQL Redis Scrapy Twisted Python pdb ipdb pygments Markdown cProfile cron meta int "
    "confirmed likely price distance name seen key "  # values of scrapy stores, typed too
    "kind hours menu status "  # of scrapy changes, typed too
    "throughput seoul memory cache database requests availability "  # rows of scrapy perf, typed too
    "refillspot diningcode Diningcode robots Retry-After Crawl-delay User-Agent Ctrl-C KST MiB kB km ms".split()
)
"""What has the same name in Korean."""

TYPED = {
    word
    for found in pkgutil.iter_modules(refillspot.commands.__path__)
    for word in WORD.findall(NOT_PROSE.sub(" ", import_module(f"refillspot.commands.{found.name}").Command().syntax()))
}
"""What commands want to be given, in any language."""


def english_in(text: str) -> list[str]:
    """Return the English words of a text that is to be Korean, without names, commands, options and ids."""
    return [word for word in WORD.findall(NOT_PROSE.sub(" ", text)) if word not in NAMES | TYPED]
