"""What a crawl asks for, and what follows from an answer. Pure."""

from __future__ import annotations

from refillspot.planning.arguments import CrawlArguments, spider_arguments, write_places
from refillspot.planning.keywords import KEYWORDS
from refillspot.planning.search_plan import Query, SearchPlan

__all__ = ["KEYWORDS", "CrawlArguments", "Query", "SearchPlan", "spider_arguments", "write_places"]
