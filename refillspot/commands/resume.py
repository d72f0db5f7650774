from __future__ import annotations

from typing import ClassVar

from refillspot.commands.pause import Command as PauseCommand
from refillspot.language import gettext as _


class Command(PauseCommand):
    """`scrapy resume [ID]`: the workers of a paused crawl go on, and one that the site had blocked too often may."""

    paused: ClassVar[bool] = False

    def told(self, workers: int) -> str:
        if not workers:
            return _(
                "Crawl {id} can continue; no worker is at work on it: scrapy crawls show {id} says how to start one."
            )
        return _("Crawl {id} continues.")

    def follow_up(self) -> None:
        """Let the site be asked again that has blocked its crawls three times within a day."""
        from refillspot.operations.pace_control import let_go_on
        from refillspot.policies.politeness_settings import allowed_pace
        from refillspot.shared.keys import politeness_key
        from refillspot.site_hosts import SiteHosts

        if configured := allowed_pace(self.settings):
            key = politeness_key(self.key_prefix, SiteHosts.of(self.settings))
            let_go_on(self.servers("redis").redis_url, key, configured)

    def short_desc(self) -> str:
        return _("Resume the workers of a paused crawl")
