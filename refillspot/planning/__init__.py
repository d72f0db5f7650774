"""What a crawl asks for, and what follows from an answer. Pure."""

from __future__ import annotations

from refillspot.planning.arguments import CrawlArguments, brief_places, spider_arguments, write_options, write_places
from refillspot.planning.keywords import KEYWORDS
from refillspot.planning.search_plan import Query, SearchPlan

__all__ = [
    "KEYWORDS", "CrawlArguments", "Query", "SearchPlan", "brief_places", "spider_arguments", "write_options",
    "write_places",
]  # fmt: skip
