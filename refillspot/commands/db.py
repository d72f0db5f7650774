from __future__ import annotations

from typing import TYPE_CHECKING

from refillspot.command import BaseCommand, add_scope_options, region_named, site_named, wrong_action
from refillspot.language import gettext as _
from refillspot.language import ngettext
from refillspot.readable import say

if TYPE_CHECKING:
    import argparse

    from refillspot.reparsing import Reparsed


class Command(BaseCommand):
    """`scrapy db migrate`: bring the tables up to date. A crawl does the same when it starts.

    `scrapy db reparse [--all]`: read the pages again that no parser could read, or the newest page of every store,
    without asking the site; those of one city with --region.

    `scrapy db grant-reader NAME`: let an account read the outward views, and nothing else.
    """

    has_json = False

    def syntax(self) -> str:
        return "migrate | reparse [--all] [--site NAME] [--region CITY] | grant-reader NAME"

    def short_desc(self) -> str:
        return _("Create or update the tables, reread pages, let others read")

    def long_desc(self) -> str:
        return _(
            "migrate: create or update the tables, as each crawl does. reparse: read kept pages again, without the "
            "site. grant-reader: let an account of PostgreSQL read what is meant for others, and nothing else; it is "
            "made if there is none."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        add_scope_options(parser)
        parser.add_argument(
            "--all", action="store_true", help=_("reparse: the newest page of every store, not only the unread ones")
        )

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        from refillspot.reparsing import reparse

        narrowed = opts.all or opts.site or opts.region
        is_reader = len(args) == 2 and args[0] == "grant-reader"
        if not (is_reader or args in (["migrate"], ["reparse"])) or (narrowed and args != ["reparse"]):
            told = _(
                "use scrapy db migrate, scrapy db reparse, scrapy db reparse --all, or scrapy db grant-reader NAME"
            )
            raise wrong_action(told, args, ("migrate", "reparse", "grant-reader"))
        if args == ["migrate"]:
            _migrate(self.servers("postgres").database_url)
        elif is_reader:
            _grant_reader(self.servers("postgres").database_url, args[1])
        else:
            site, region = site_named(opts).name, region_named(opts)
            database_url, web_url = self.servers("postgres").database_url, self.settings["DININGCODE_WEB_URL"]
            _tell(reparse(database_url, web_url, site=site, region=region, is_all=opts.all), is_all=opts.all)


def _migrate(database_url: str) -> None:
    from refillspot.postgres.database import update_schema

    applied = update_schema(database_url)
    say(
        _("applied: {applied}").format(applied=", ".join(applied))
        if applied
        else _("nothing to do: the tables are up to date")
    )


def _grant_reader(database_url: str, name: str) -> None:
    from refillspot.postgres.database import update_schema
    from refillspot.postgres.readers import grant_reader

    update_schema(database_url)
    reader = grant_reader(database_url, name)
    say(
        _("{name} may read the outward views of the database {database}, and search them.").format(
            name=reader.name, database=reader.database
        )
    )
    if reader.is_new:
        say(_("It is new and has no password: psql sets one with \\password {name}").format(name=reader.name))
    if reader.may_more:
        tables = ", ".join(reader.may_more)
        say(_("Mind: it may also read or change {tables}, which others have granted it").format(tables=tables))


def _tell(result: Reparsed, *, is_all: bool) -> None:
    if is_all:
        told = ngettext(
            "{count} store reread from its newest page",
            "{count} stores reread from their newest pages",
            result.read_again,
        )
        say(told.format(count=result.read_again))
    say(
        _(
            "{stored} stored, {outdated} outdated and dropped, {rejected} refused by PostgreSQL, "
            "{unread} still unread and kept"
        ).format(stored=result.stored, outdated=result.outdated, rejected=result.rejected, unread=result.unread)
    )
