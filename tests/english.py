"""What is left of English in a Korean text, names and what is typed excepted."""

from __future__ import annotations

import re

NOT_PROSE = re.compile(
    r"`[^`\n]+`"  # code
    r"|\x1b\[[\d;?]*[A-Za-z]"  # colours
    r"|\w+://\S+"
    r"|(?:python -m |\.?/|docs/)[\w./-]+"
    r"|\b(?:scrapy|make|curl|docker compose|pip install)(?: [^가-힣\s]+)+"  # commands with what is given to them
    r"|\bscrapy\b"
    r"|(?<!\w)--?[a-zA-Z][\w-]*"  # options
    r"|(?<!\w)\.\w+"  # .env
    r"|\b\w+=\S*"  # values that are given
    r"|(?a:[\w-]*(?:\d|_)[\w-]*)"  # ids, figures with their units, names of settings
    r"|(?<![A-Za-z])[A-Z]{2,}s?(?![A-Za-z])"  # settings, HTTP, JSON
    r"|(?a:[\w-]+(?:\.[\w-]+)+)"  # files, hosts, modules, tables
    r"|\b\w+(?:\[\])?(?:/[\w\[\]]+)+"  # names of stats
)
WORD = re.compile(r"[A-Za-z][A-Za-z'-]+")
NAMES = set(
    "auto all last show list set reset drop replay prune migrate reparse up down status id true false null "
    "district limit postgres redis redis-cache "
    "PostgreSQL Redis Scrapy Python pdb ipdb pygments Markdown cProfile meta int "
    "throughput seoul memory cache database requests availability "  # rows of scrapy perf, typed too
    "refillspot diningcode CrawlSpider Diningcode robots Retry-After Crawl-delay User-Agent Ctrl-C KST MiB kB".split()
)
"""What has the same name in Korean."""


def english_in(text: str) -> list[str]:
    """Return the English words of a text that is to be Korean, without names, commands, options and ids."""
    return [word for word in WORD.findall(NOT_PROSE.sub(" ", text)) if word not in NAMES]
