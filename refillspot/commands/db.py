from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.exceptions import UsageError

from refillspot.command import BaseCommand
from refillspot.language import gettext as _
from refillspot.readable import say

if TYPE_CHECKING:
    import argparse


class Command(BaseCommand):
    """`scrapy db migrate`: bring the tables up to date. A crawl does the same when it starts.

    `scrapy db reparse [--all]`: read the pages again that no parser could read, or the newest page of every store,
    without asking the site.
    """

    has_json = False

    def syntax(self) -> str:
        return "migrate | reparse [--all]"

    def short_desc(self) -> str:
        return _("Create or update the tables in PostgreSQL, read kept pages again")

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--all", action="store_true", help=_("reparse: the newest page of every store, not only what was unread")
        )

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        if args not in (["migrate"], ["reparse"]) or (opts.all and args != ["reparse"]):
            raise UsageError(_("say: scrapy db migrate, scrapy db reparse, or scrapy db reparse --all"))
        if args == ["migrate"]:
            _migrate(self.servers("postgres").database_url)
        else:
            _reparse(self.servers("postgres").database_url, self.settings["DININGCODE_WEB_URL"], is_all=opts.all)


def _migrate(database_url: str) -> None:
    from refillspot.postgres.database import migrate_database

    applied = migrate_database(database_url)
    say(
        _("applied: {applied}").format(applied=", ".join(applied))
        if applied
        else _("nothing to do: the tables are up to date")
    )


def _reparse(database_url: str, web_url: str, *, is_all: bool) -> None:
    from refillspot.reparsing import reparse

    result = reparse(database_url, web_url, is_all=is_all)
    if is_all:
        say(_("{count} stores read again from their newest pages").format(count=result.read_again))
    say(
        _(
            "{stored} stored, {outdated} outdated and dropped, {rejected} refused by PostgreSQL, "
            "{unread} still unread and kept"
        ).format(stored=result.stored, outdated=result.outdated, rejected=result.rejected, unread=result.unread)
    )
