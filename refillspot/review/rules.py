"""All rules, those first that say most; findings of one severity keep this order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refillspot.review.answer_rules import ANSWER_RULES
from refillspot.review.crawl_rules import CRAWL_RULES
from refillspot.review.fallback_rules import FALLBACK_RULES
from refillspot.review.odd_parts import PART_RULES
from refillspot.review.politeness_rules import BLOCK_RULES, ROBOTS_RULES
from refillspot.review.site_rules import STATUS_RULES, WIRE_RULES
from refillspot.review.storage_rules import CACHE_RULES, SERVER_RULES
from refillspot.review.worker_rules import BUDGET_RULES, WORKER_RULES

if TYPE_CHECKING:
    from refillspot.review.findings import Rule

RULES: tuple[Rule, ...] = (
    *CRAWL_RULES,
    *BLOCK_RULES,
    *ROBOTS_RULES,
    *STATUS_RULES,
    *WIRE_RULES,
    *ANSWER_RULES,
    *PART_RULES,
    *FALLBACK_RULES,
    *SERVER_RULES,
    *WORKER_RULES,
    *CACHE_RULES,
    *BUDGET_RULES,
)
