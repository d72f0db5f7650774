"""The dead letters of a crawl for its operator: PostgreSQL knows the crawl, Redis the letters. This blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from refillspot.crawl_ids import check_crawl_id
from refillspot.exceptions import ArgumentError
from refillspot.frontier.queue import CLOSING, GONE
from refillspot.language import gettext as _
from refillspot.operations.dead_letters import DeadLetter, DeadLetters
from refillspot.postgres.crawl_list import list_crawls, reopen_crawl
from refillspot.shared.connections import blocking_client

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refillspot.postgres.crawls import Crawl
    from refillspot.services import ServiceAddresses


@dataclass(slots=True, frozen=True)
class LetterBox:
    services: ServiceAddresses
    prefix: str
    crawl: Crawl

    @classmethod
    def find(cls, services: ServiceAddresses, key_prefix: str, crawl_id: str | None) -> Self:
        """Return that of the crawl that is named, else of the newest one with dead letters.

        Raises:
            ArgumentError: there is none.
            ServiceUnavailableError: a server does not answer.
        """
        if crawl_id is not None:
            check_crawl_id(crawl_id)
        for crawl in list_crawls(services.database_url):
            box = cls(services, f"{key_prefix}:{crawl.id}", crawl)
            if crawl.id == crawl_id or (crawl_id is None and box.read()):
                return box
        raise ArgumentError(
            f"there is no crawl {crawl_id}: see scrapy crawls list" if crawl_id else "no crawl has dead letters"
        )

    def read(self, numbers: Sequence[int] = ()) -> list[DeadLetter]:
        """Return the letters with these numbers, without any number all.

        Raises:
            ArgumentError: one is not there.
        """
        with blocking_client(self.services.redis_url) as client:
            found = {letter.number or letter.field: letter for letter in DeadLetters(client, self.prefix).read()}
        if missing := [str(number) for number in numbers if number not in found]:
            raise ArgumentError(
                _("there is no dead letter {missing}: see scrapy deadletters list").format(missing=", ".join(missing))
            )
        return [found[number] for number in dict.fromkeys(numbers or found)]

    def replay(self, chosen: Sequence[DeadLetter]) -> int:
        """Queue the requests of `chosen` again and open the crawl for processes to join; return how many it were.

        PostgreSQL first: a crawl that is open there and complete in Redis is completed by whoever joins it next.

        Raises:
            ArgumentError: the crawl is just being closed, or Redis does not know it any more.
        """
        if any(letter.request for letter in chosen):
            reopen_crawl(self.services.database_url, self.crawl.id)
        with blocking_client(self.services.redis_url) as client:
            state, count = DeadLetters(client, self.prefix).replay(chosen)
        if state == CLOSING:
            raise ArgumentError(
                _("crawl {id} is just being closed: try again when its workers have ended").format(id=self.crawl.id)
            )
        if state == GONE:
            raise ArgumentError(
                _("Redis does not know crawl {id} any more: nothing was queued, crawl again").format(id=self.crawl.id)
            )
        return count

    def drop(self, chosen: Sequence[DeadLetter]) -> int:
        """Forget `chosen` for good; return how many it were."""
        with blocking_client(self.services.redis_url) as client:
            return DeadLetters(client, self.prefix).drop(chosen)
