from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from refillspot.commands._errors import told_on_stderr
from refillspot.language import gettext as _

if TYPE_CHECKING:
    import argparse

    from scrapy.settings import BaseSettings


class Command(ScrapyCommand):
    """`scrapy db migrate`: bring the tables up to date. A crawl does the same when it starts.

    `scrapy db reparse`: read the pages again that no parser could read, without asking the site.
    """

    requires_crawler_process = False
    default_settings: ClassVar[dict[str, Any]] = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        return "migrate | reparse"

    def short_desc(self) -> str:
        return _("Create or update the tables in PostgreSQL, read kept pages again")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:  # noqa: ARG002  # Scrapy's signature
        actions = {"migrate": _migrate, "reparse": _reparse}
        if len(args) != 1 or args[0] not in actions:
            raise UsageError(_("say: scrapy db migrate, or scrapy db reparse"))
        assert self.settings  # noqa: S101  # Scrapy made them
        with told_on_stderr(self):
            actions[args[0]](self.settings)


def _migrate(_settings: BaseSettings) -> None:
    from refillspot.postgres.database import migrate_database
    from refillspot.services import resolve

    applied = migrate_database(resolve().database_url)
    print(
        _("applied: {applied}").format(applied=", ".join(applied))
        if applied
        else _("nothing to do: the tables are up to date")
    )


def _reparse(settings: BaseSettings) -> None:
    from refillspot.reparsing import reparse
    from refillspot.services import resolve

    result = reparse(resolve().database_url, settings["DININGCODE_WEB_URL"])
    print(
        _(
            "{stored} stored, {outdated} outdated and dropped, {rejected} refused by PostgreSQL, "
            "{unread} still unread and kept"
        ).format(stored=result.stored, outdated=result.outdated, rejected=result.rejected, unread=result.unread)
    )
