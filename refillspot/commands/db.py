from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from refillspot.commands._errors import told_on_stderr
from refillspot.commands._servers import servers
from refillspot.language import gettext as _
from refillspot.readable import say

if TYPE_CHECKING:
    import argparse

    from scrapy.settings import BaseSettings


class Command(ScrapyCommand):
    """`scrapy db migrate`: bring the tables up to date. A crawl does the same when it starts.

    `scrapy db reparse [--all]`: read the pages again that no parser could read, or the newest page of every store,
    without asking the site.
    """

    requires_crawler_process = False
    default_settings: ClassVar[dict[str, Any]] = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        return "migrate | reparse [--all]"

    def short_desc(self) -> str:
        return _("Create or update the tables in PostgreSQL, read kept pages again")

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--all", action="store_true", help=_("reparse: the newest page of every store, not only what was unread")
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if args not in (["migrate"], ["reparse"]) or (opts.all and args != ["reparse"]):
            raise UsageError(_("say: scrapy db migrate, scrapy db reparse, or scrapy db reparse --all"))
        assert self.settings  # noqa: S101  # Scrapy made them
        with told_on_stderr(self):
            if args == ["migrate"]:
                _migrate(self.settings)
            else:
                _reparse(self.settings, is_all=opts.all)


def _migrate(settings: BaseSettings) -> None:
    from refillspot.postgres.database import migrate_database

    applied = migrate_database(servers(settings, "postgres").database_url)
    say(
        _("applied: {applied}").format(applied=", ".join(applied))
        if applied
        else _("nothing to do: the tables are up to date")
    )


def _reparse(settings: BaseSettings, *, is_all: bool) -> None:
    from refillspot.reparsing import reparse

    result = reparse(servers(settings, "postgres").database_url, settings["DININGCODE_WEB_URL"], is_all=is_all)
    if is_all:
        say(_("{count} stores read again from their newest pages").format(count=result.read_again))
    say(
        _(
            "{stored} stored, {outdated} outdated and dropped, {rejected} refused by PostgreSQL, "
            "{unread} still unread and kept"
        ).format(stored=result.stored, outdated=result.outdated, rejected=result.rejected, unread=result.unread)
    )
