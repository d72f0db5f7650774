"""The spider without its parsers, which take most of the time: so that the queue weighs as much as it can."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from refillspot.items import RefillVerdict, Store
from refillspot.spiders.diningcode import DiningcodeSpider

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapy.http import Response

VERDICT = RefillVerdict("likely")


class ThinSpider(DiningcodeSpider):
    name = "thin"

    def parse_store(self, response: Response, row: dict[str, Any], **_: Any) -> Iterator[Store]:
        yield Store(
            site=self.site.name, ref=row["v_rid"], name=row["nm"], source_url=response.url, refill=VERDICT,
            addr=row["addr"], road_addr=row["road_addr"], district_code="11680", district="강남구", phone=row["phone"],
            lat=row["lat"], lon=row["lng"],
        )  # fmt: skip
