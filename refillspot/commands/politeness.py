from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from refillspot.clock import write_kst
from refillspot.command import BaseCommand, wrong_action
from refillspot.exceptions import ArgumentError
from refillspot.language import gettext as _
from refillspot.readable import say, say_json
from refillspot.retelling import retell

if TYPE_CHECKING:
    import argparse


class Command(BaseCommand):
    """`scrapy politeness show | set N | reset`: how fast all workers together ask the site, changed while they do."""

    wrong_usage = ArgumentError

    def syntax(self) -> str:
        return "[options] show | set N | reset"

    def short_desc(self) -> str:
        return _("Show or change how fast requests are sent to the site")

    def long_desc(self) -> str:
        return _(
            "show: the pace of all workers together, and what holds it back. set N: at most N requests per "
            "second, immediately and for every crawl, until POLITENESS_REQUESTS_PER_SECOND is given another "
            "value. reset: lift a block or a hold that was not the site's doing, and a Crawl-delay until "
            "robots.txt is read again; the workers' logs record it."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--yes",
            action="store_true",
            help=_("more than 10 requests per second are intended; workers need POLITENESS_FAST_ALLOWED=True too"),
        )

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        action, values = (args[0], args[1:]) if args else ("", [])
        if (action, len(values)) not in {("show", 0), ("set", 1), ("reset", 0)}:
            raise wrong_action(
                _("use one of: show, set N (requests per second), reset"), args, ("show", "set", "reset")
            )
        pace = self._done(action, values, is_meant=opts.yes)
        say_json(pace) if opts.json else say(_told(pace))

    def _done(self, action: str, values: list[str], *, is_meant: bool) -> dict[str, Any]:
        from refillspot.operations.pace_control import NO_LIMIT, lift_hold, read_pace, set_ceiling
        from refillspot.policies.politeness_settings import allowed_pace, live_pace, refuse_too_fast
        from refillspot.shared.keys import politeness_key
        from refillspot.site_hosts import SiteHosts

        site, configured = SiteHosts.of(self.settings), allowed_pace(self.settings)
        ceilings = [live_pace(value) for value in values]
        for ceiling in ceilings:
            refuse_too_fast(ceiling, site, is_meant=is_meant or self.settings.getbool("POLITENESS_FAST_ALLOWED"))
        if not configured:
            return NO_LIMIT
        key = politeness_key(self.key_prefix, site)
        where = (self.servers("redis").redis_url, key, configured)
        if action == "reset":
            return lift_hold(*where)
        return set_ceiling(*where, *ceilings) if ceilings else read_pace(*where)


def _told(pace: dict[str, Any]) -> str:
    if pace["ceiling"] is None:
        return _("no limit: POLITENESS_REQUESTS_PER_SECOND is 0 here, and workers with that setting follow no pace")
    lines = []
    if "lifted" in pace:
        lifted = "; ".join(map(retell, pace["lifted"].split("; ")))
        lines.append(_("lifted: {lifted}").format(lifted=lifted) if lifted else _("nothing was on hold"))
    lines.append(_("{requests_per_second:g} requests/s of at most {ceiling:g}, all workers together").format_map(pace))
    if pace["held_seconds"]:
        told = pace | {"held_because": retell(pace["held_because"])}
        lines.append(_("nothing leaves for another {held_seconds:g} s: {held_because}").format_map(told))
    if pace["is_stopped"]:
        lines.append(_("the site has blocked its crawls three times within a day: nothing resumes until scrapy resume"))
    if pace["distress_met_at"]:
        lines.append(
            _("the site showed distress at {distress_met_at:g}/s: near that, the pace rises more slowly").format_map(
                pace
            )
        )
    if pace["lifted_at"] and "lifted" not in pace:
        when = write_kst(datetime.fromtimestamp(pace["lifted_at"], UTC))
        lines.append(_("the hold was lifted by hand at {time} KST").format(time=when))
    lines += [
        _("robots.txt of {host} asks for {delay:g} s between requests").format(host=host, delay=delay)
        for host, delay in pace["crawl_delays"].items()
    ]
    return "\n".join(lines)
