"""Who comes: the crawler by its own name, or, where the operator wants that, one browser's name for an hour."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from scrapy.exceptions import NotConfigured

from refillspot.exceptions import ConfigurationError
from refillspot.language import gettext as _

if TYPE_CHECKING:
    from typing import Self

    from fake_useragent import UserAgent
    from scrapy import Request
    from scrapy.crawler import Crawler

HOUR = 3600.0
CONTACT = re.compile(r"https?://[!-~]+|[!-~]+@[!-~]+")  # what may stand in a header


class UserAgentMiddleware:
    """One User-Agent a worker and hour, never one a request: no visitor changes browsers from page to page.

    robots.txt is matched by ROBOTSTXT_USER_AGENT whatever goes out.
    Settings: USER_AGENT_ROTATION_ENABLED, USER_AGENT, CONTACT (behind it). Stats: user_agent/changed.

    Raises:
        ConfigurationError: CONTACT is no address of a person or a page.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._names = browsers() if crawler.settings.getbool("USER_AGENT_ROTATION_ENABLED") else None
        self._name = with_contact(crawler.settings["USER_AGENT"], crawler.settings.get("CONTACT"))
        self._until = 0.0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not crawler.settings.get("USER_AGENT"):
            raise NotConfigured("USER_AGENT is empty.")
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        if self._names and time.monotonic() >= self._until:
            self._name, self._until = self._names.random, time.monotonic() + HOUR
            self._crawler.stats.inc_value("user_agent/changed")
        request.headers.setdefault("User-Agent", self._name)


def with_contact(user_agent: str, contact: str | None) -> str:
    """Return "refillspot/0.1 (+https://example.org/about)": who comes, and whom the site may write to.

    Raises:
        ConfigurationError: the contact is no address of a person or a page.
    """
    if not contact:
        return user_agent
    if not CONTACT.fullmatch(contact):
        raise ConfigurationError(
            _("CONTACT={contact} is neither an e-mail address nor a web address: use, for example, {example}").format(
                contact=contact, example="https://example.org/about"
            )
        )
    return f"{user_agent} (+{contact})"


def browsers() -> UserAgent:
    from fake_useragent import UserAgent  # noqa: PLC0415  # reads a table of 2 MB, for those who want it only

    return UserAgent()
