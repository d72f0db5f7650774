"""Requests that failed for good: looked at, queued again, or dropped. For commands: this blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from redis.exceptions import ResponseError

from refillspot.exceptions import ArgumentError
from refillspot.frontier import codec
from refillspot.frontier.acknowledgement import lane
from refillspot.frontier.dead_letters import DeadLetter
from refillspot.frontier.queue import CLOSING, script_source
from refillspot.language import gettext as _
from refillspot.policies.circuit_breaker import API_FAILURE, API_PROBE
from refillspot.postgres.crawls import find_crawl, list_crawls, reopen_crawl
from refillspot.redis_clients import blocking_client
from refillspot.shared.keys import CrawlKeys, crawl_prefix
from refillspot.stats.crawl import GONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from refillspot.services import ServiceAddresses
    from refillspot.stats.crawl import Crawl


class DeadLetters:
    """Those of one crawl, in Redis; what cannot be read is one too."""

    def __init__(self, client: Any, prefix: str) -> None:
        self._client = client
        self._prefix = prefix
        self._key = CrawlKeys(prefix).dead

    def count(self) -> int:
        try:
            return int(self._client.hlen(self._key))
        except ResponseError:
            return 1

    def read(self) -> list[DeadLetter]:
        """Return all, oldest first; those without a number last."""
        try:
            letters = [DeadLetter.read(field, entry) for field, entry in self._client.hscan_iter(self._key)]
        except ResponseError as error:
            letters = [DeadLetter.unreadable(b"", error)]  # something else is there, and goes as a whole
        return sorted(letters, key=lambda letter: (letter.number is None, letter.number or 0, letter.field))

    def replay(self, letters: Iterable[DeadLetter]) -> tuple[str, int]:
        """Queue the requests of `letters` again; return the crawl's state before, and how many it were.

        They are as new, and asked of the API whatever is known of it. None is queued while the crawl is "closing" or
        "gone". Those without a request stay where they are.
        """
        arguments: list[Any] = []
        for letter in letters:
            if letter.request is not None:
                request = letter.request | {"meta": dict(letter.request.get("meta", {}))}
                request["meta"].pop("retry_times", None)
                request["meta"].pop(API_FAILURE, None)
                request["meta"][API_PROBE] = True
                arguments += [letter.field, lane(request.get("priority", 0)), codec.dumps(request)]
        state, count = self._client.register_script(script_source("replay"))(keys=[self._prefix], args=arguments)
        return state.decode("utf-8", "replace"), int(count)

    def drop(self, letters: Iterable[DeadLetter]) -> int:
        """Forget `letters` for good; return how many there were."""
        fields = [letter.field for letter in letters]
        try:
            return int(self._client.hdel(self._key, *fields)) if fields else 0
        except ResponseError:
            return int(self._client.unlink(self._key))


@dataclass(slots=True, frozen=True)
class CrawlDeadLetters:
    """Those of one crawl, with the crawl: PostgreSQL knows it, Redis its dead letters."""

    services: ServiceAddresses
    prefix: str
    crawl: Crawl

    @classmethod
    def find(cls, services: ServiceAddresses, key_prefix: str, crawl_id: str | None) -> Self:
        """Return those of the crawl that is named, else of the newest one that has any.

        Raises:
            ArgumentError: there is none.
            ServiceUnavailableError: a server does not answer.
        """
        if crawl_id is not None:
            return cls._of(services, key_prefix, find_crawl(services.database_url, crawl_id))
        for crawl in list_crawls(services.database_url):
            found = cls._of(services, key_prefix, crawl)
            if found.read():
                return found
        raise ArgumentError(_("no crawl has dead letters"))

    @classmethod
    def _of(cls, services: ServiceAddresses, key_prefix: str, crawl: Crawl) -> Self:
        return cls(services, crawl_prefix(key_prefix, crawl.id), crawl)

    def read(self, numbers: Sequence[int] = ()) -> list[DeadLetter]:
        """Return those with these numbers, without any number all.

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
            ArgumentError: the crawl is just being closed, or was rejected, or Redis does not know it any more.
        """
        if self.crawl.decision == "rejected" and self.crawl.stored:
            told = _("crawl {id} was rejected: what it found is forgotten, so crawl again")
            raise ArgumentError(told.format(id=self.crawl.id))
        if any(letter.request for letter in chosen):
            reopen_crawl(self.services.database_url, self.crawl.id)
        with blocking_client(self.services.redis_url) as client:
            state, count = DeadLetters(client, self.prefix).replay(chosen)
        if state == CLOSING:
            raise ArgumentError(
                _("crawl {id} is being closed: try again when its workers have stopped").format(id=self.crawl.id)
            )
        if state == GONE:
            raise ArgumentError(
                _("Redis no longer knows crawl {id}: nothing was queued, crawl again").format(id=self.crawl.id)
            )
        return count

    def drop(self, chosen: Sequence[DeadLetter]) -> int:
        """Forget `chosen` for good; return how many it were."""
        with blocking_client(self.services.redis_url) as client:
            return DeadLetters(client, self.prefix).drop(chosen)
