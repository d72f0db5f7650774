"""Tells a webhook what the operator of crawls wants to hear of, for a chat in a sentence that says what to do."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

from scrapy.exceptions import NotConfigured

from refillspot.exceptions import ConfigurationError
from refillspot.language import gettext, ngettext
from refillspot.language import lazy_gettext as _
from refillspot.postgres.connection import run
from refillspot.readable import say
from refillspot.redaction import hide, scrub
from refillspot.retelling import retell
from refillspot.services import read_environment
from refillspot.signals import crawl_event
from refillspot.webhook import Webhook

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.statscollectors import StatsCollector

    from refillspot.language import Message

    Facts = Mapping[str, Any]

logger = logging.getLogger(__name__)


class Notify:
    """Posts each `crawl_event` to a webhook. A failure is logged, and harms nothing.

    Any 2xx is a success; redirects are not followed. The address may hold a secret, so only its host is ever logged.
    Settings: NOTIFY_URL. Stats: notify/sent, notify/failed.

    Raises:
        ConfigurationError: NOTIFY_URL is no https address, nor an http one of this machine.
    """

    def __init__(self, url: str, stats: StatsCollector) -> None:
        self._webhook = Webhook(url)
        self._stats = stats

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        url = crawler.settings.get("NOTIFY_URL")
        if not url:
            raise NotConfigured  # NOTIFY_URL is not set
        extension = cls(url, crawler.stats)
        crawler.signals.connect(extension.tell, signal=crawl_event)
        return extension

    async def tell(self, event: str, facts: Facts) -> None:
        if failure := await self._webhook.post(event, facts, write_sentence(event, facts)):
            self._stats.inc_value("notify/failed")
            logger.warning("the webhook at %s was not told of %r: %s", self._webhook.host, event, failure)
        else:
            self._stats.inc_value("notify/sent")


def check_webhook(environ: Mapping[str, str]) -> None:
    """Make sure that there is somebody to tell.

    Raises:
        ConfigurationError: NOTIFY_URL is not set, or see `Notify`.
    """
    if not _find_webhook(environ):
        told = gettext("there is nobody to tell: put the address of a webhook into .env, NOTIFY_URL=https://…")
        raise ConfigurationError(told)


def announce(environ: Mapping[str, str], event: str, facts: Facts) -> bool:
    """Tell the webhook of the environment, if there is one, outside a crawl; on stderr, that it was not told.

    Return whether it was. Blocks, for some seconds at most.

    Raises:
        ConfigurationError: see `Notify`.
    """
    if not (webhook := _find_webhook(environ)):
        return False
    failure = run(webhook.post(event, facts, write_sentence(event, facts)))
    if failure:
        say(gettext("The webhook was not told: {failure}").format(failure=failure), file=sys.stderr)
    return not failure


def _find_webhook(environ: Mapping[str, str]) -> Webhook | None:
    values = read_environment(environ).values
    hide(values)
    return Webhook(values["NOTIFY_URL"]) if values.get("NOTIFY_URL") else None


# --- sentences


def write_sentence(event: str, facts: Facts) -> str:
    """Return what a person is told of an event: what has happened, and what to do."""
    told = SENTENCES[event](facts) if event in SENTENCES else str(facts.get("sentence") or event)
    return scrub(told)


def _filled(message: Message) -> Callable[[Facts], str]:
    return lambda facts: message().format_map(facts)


def _tell_dead_letters(facts: Facts) -> str:
    told = ngettext(
        "Crawl {crawl}: {dead} request failed for good. `scrapy deadletters list` says why; `scrapy deadletters "
        "replay --all` tries it again.",
        "Crawl {crawl}: {dead} requests failed for good. `scrapy deadletters list` says why; `scrapy deadletters "
        "replay --all` tries them again.",
        facts["dead"],
    )
    return told.format_map(facts)


def _tell_block(facts: Facts) -> str:
    told = gettext(
        "The site has blocked crawl {crawl}: {why}. Look at it in a browser. `scrapy politeness show` says how long it "
        "lasts; crawls that have ended because of it continue after `scrapy resume`."
    )
    return told.format(crawl=facts["crawl"], why=retell(facts["sentence"]))


OF_CRAWL = _("Crawl {crawl}: {sentence}")
SENTENCES: dict[str, Callable[[Facts], str]] = {
    "finished": _filled(OF_CRAWL),
    "dead_letters": _tell_dead_letters,
    "blocked": _tell_block,
    "held": _filled(OF_CRAWL),
    "backup_failed": _filled(_("The backup failed: {error}. Mend that, then run `scrapy db backup` again.")),
}
"""By event; one that is not here brings its sentence along."""
