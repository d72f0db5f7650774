"""What the texts of findings may name. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refillspot.review.odd_parts import absent_parts, odd_parts
from refillspot.review.units import Unit, write, write_seconds

if TYPE_CHECKING:
    from refillspot.review.findings import Case

NOT_KNOWN = "?"
DEFAULT_CEILING = 1.0  # requests/s


def words_of(case: Case) -> dict[str, str]:
    """Return each name that may stand in braces in a text, with what it says of a crawl."""
    facts, earlier = case
    given = " ".join(f"-a {name}={value}" for name, value in facts.arguments.items())
    ceiling = facts.number("politeness/ceiling") or DEFAULT_CEILING
    used = facts.budget_used
    return {
        "crawl": facts.id or NOT_KNOWN,
        "go_on": f"scrapy crawl {facts.crawl.spider if facts.crawl else 'diningcode'} {given}".rstrip(),
        "part": str(facts.stats.get("early_stop/part", NOT_KNOWN)),
        "odd_parts": "; ".join(map(str, odd_parts(facts))),
        "absent_parts": ", ".join(absent_parts(facts)),
        "stored": f"{facts.stored:,}",
        "known": f"{facts.known:,}",
        "earlier": earlier.id if earlier else NOT_KNOWN,
        "earlier_stored": f"{earlier.stored:,}" if earlier else NOT_KNOWN,
        "half": f"{ceiling / 2:g}",
        "used": NOT_KNOWN if used is None else write(used, Unit.SHARE),
        "hit_rate": NOT_KNOWN if facts.hit_rate is None else write(facts.hit_rate, Unit.SHARE),
        "longest_hold": write_seconds(facts.number("politeness/longest_hold_seconds") or 0),
        "memory": write(facts.number("memory/max_mb") or 0, Unit.MB),
        "memory_limit": write(facts.number("memory/limit_mb") or 0, Unit.MB),
    }
