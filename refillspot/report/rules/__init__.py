"""All rules, those first that say most; findings of one severity keep this order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refillspot.report.rules.answers import ANSWER_RULES
from refillspot.report.rules.crawl import BUDGET_RULES, CRAWL_RULES, WORKER_RULES
from refillspot.report.rules.parts import PART_RULES
from refillspot.report.rules.politeness import BLOCK_RULES, ROBOTS_RULES
from refillspot.report.rules.servers import CACHE_RULES, SERVER_RULES
from refillspot.report.rules.site import FALLBACK_RULES, STATUS_RULES, WIRE_RULES

if TYPE_CHECKING:
    from refillspot.report.findings import Rule

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
