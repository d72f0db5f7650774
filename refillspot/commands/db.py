from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from refillspot.commands._errors import told_on_stderr

if TYPE_CHECKING:
    import argparse


class Command(ScrapyCommand):
    """`scrapy db migrate`: bring the tables up to date. A crawl does the same when it starts."""

    requires_crawler_process = False
    default_settings: ClassVar[dict[str, Any]] = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        return "migrate"

    def short_desc(self) -> str:
        return "Create or update the tables in PostgreSQL"

    def run(self, args: list[str], opts: argparse.Namespace) -> None:  # noqa: ARG002  # Scrapy's signature
        from refillspot.postgres.database import migrate_database
        from refillspot.services import resolve

        if args != ["migrate"]:
            raise UsageError("say: scrapy db migrate")
        with told_on_stderr(self):
            applied = migrate_database(resolve().database_url)
            print(f"applied: {', '.join(applied)}" if applied else "nothing to do: the tables are up to date")
