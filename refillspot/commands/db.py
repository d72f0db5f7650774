from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.exceptions import UsageError

from refillspot.clock import write_kst
from refillspot.command import BaseCommand, add_scope_options, region_named, site_named, wrong_action
from refillspot.exceptions import RefillspotError
from refillspot.language import gettext as _
from refillspot.language import ngettext
from refillspot.readable import say, say_json
from refillspot.retelling import system_words

if TYPE_CHECKING:
    import argparse
    from datetime import datetime

    from refillspot.reparsing import Reparsed

MOST_DAYS = 36_500


class Command(BaseCommand):
    """`scrapy db migrate`: bring the tables up to date. A crawl does the same when it starts.

    `scrapy db reparse [--all]`: read the pages again that no parser could read, or the newest page of every store,
    without asking the site; those of one city with --region.

    `scrapy db backup [DIR] [--keep N]`, `scrapy db restore FILE [--database NAME] [--replace]`: all tables of one
    moment into a file, and back.

    `scrapy db analyze | reindex | check`: new statistics, new indexes, and a look at both.

    `scrapy db prune [--days N] [--dry-run]`: let go what nobody asks for any more: old changes, records, logs.

    `scrapy db grant-reader NAME`: let an account read the outward views, and nothing else.
    """

    def syntax(self) -> str:
        return (
            "migrate [--backup] | reparse [--all] [--site NAME] [--region CITY] | backup [DIR] [--keep N] | "
            "restore FILE [--database NAME] [--replace] | analyze | reindex | check | prune [--days N] [--dry-run] | "
            "grant-reader NAME"
        )

    def short_desc(self) -> str:
        return _("Update, back up and restore the tables, reread pages")

    def long_desc(self) -> str:
        return _(
            "migrate: create or update the tables, as each crawl does. reparse: read kept pages again, without the "
            "site. backup: all tables as they are at one moment into a file in DIR (.refillspot/backups), beside "
            "crawls. restore: make the tables of a backup again, all or nothing; never over rows without --replace. "
            "analyze, reindex: new statistics, new indexes, beside crawls. check: see how tables and indexes are, and "
            "what to do. prune: let go what is past its time (docs/backups.md): changes of stores after two years, or "
            "--days, what was refused or unread after 180 days, logs of fleets after 90. grant-reader: let "
            "an account of PostgreSQL read what is meant for others, and nothing else; it is made if there is none."
        )

    def json_help(self) -> str:
        return _("backup, restore, check, prune: print JSON")

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        add_scope_options(parser)
        parser.add_argument(
            "--all", action="store_true", help=_("reparse: the newest page of every store, not only the unread ones")
        )
        parser.add_argument(
            "--backup", action="store_true", help=_("migrate: back up first, if there is something to change")
        )
        parser.add_argument(
            "--keep", type=int, metavar="N", help=_("backup: keep the newest N of this database in DIR, remove others")
        )
        parser.add_argument(
            "--database", metavar="NAME", help=_("restore: into this database, which is made if there is none")
        )
        parser.add_argument("--replace", action="store_true", help=_("restore: in place of the rows that are there"))
        parser.add_argument("--dry-run", action="store_true", help=_("prune: only say how much would go"))
        parser.add_argument("--days", type=int, metavar="N", help=_("prune: keep the changes of the last N days (730)"))

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        action, *rest = args or [""]
        due = dict.fromkeys(("migrate", "reparse", "analyze", "reindex", "check", "prune"), (0, 0))
        due |= {"backup": (0, 1), "restore": (1, 1), "grant-reader": (1, 1)}
        least, most = due.get(action, (1, 0))
        if not least <= len(rest) <= most or not _fit(action, opts):
            told = _(
                "use scrapy db migrate [--backup], scrapy db reparse [--all], scrapy db backup [DIR] [--keep N], "
                "scrapy db restore FILE [--database NAME] [--replace], scrapy db analyze, scrapy db reindex, scrapy "
                "db check, scrapy db prune [--days N] [--dry-run], or scrapy db grant-reader NAME"
            )
            raise wrong_action(told, args, due)
        if opts.keep is not None and opts.keep < 1:
            raise UsageError(_("--keep is how many are kept: 1 or more"), print_help=False)
        if opts.days is not None and not 1 <= opts.days <= MOST_DAYS:
            raise UsageError(
                _("--days is for how long changes are kept: 1 to {most}").format(most=MOST_DAYS), print_help=False
            )
        getattr(self, f"_{action.replace('-', '_')}")(rest, opts)

    def _migrate(self, _args: list[str], opts: argparse.Namespace) -> None:
        from refillspot.postgres.database import update_schema

        url = self.servers("postgres").database_url
        if (opts.backup or _is_somebody_there()) and _is_backup_wanted(url, asks=not opts.backup):
            self._backup([], opts)
        applied = update_schema(url)
        say(
            _("applied: {applied}").format(applied=", ".join(applied))
            if applied
            else _("nothing to do: the tables are up to date")
        )

    def _reparse(self, _args: list[str], opts: argparse.Namespace) -> None:
        from refillspot.reparsing import reparse

        site, region = site_named(opts).name, region_named(opts)
        database_url, web_url = self.servers("postgres").database_url, self.settings["DININGCODE_WEB_URL"]
        _tell(reparse(database_url, web_url, self.clock, site=site, region=region, is_all=opts.all), is_all=opts.all)

    def _grant_reader(self, args: list[str], _opts: argparse.Namespace) -> None:
        _grant_reader(self.servers("postgres").database_url, args[0])

    def _backup(self, args: list[str], opts: argparse.Namespace) -> None:
        from refillspot.extensions.notify import announce
        from refillspot.postgres.backup import back_up
        from refillspot.services import read_environment

        directory = Path(args[0]) if args else read_environment(self.environ).home / "backups"
        try:
            made = back_up(self.servers("postgres").database_url, directory, self.clock.now(), opts.keep)
        except RefillspotError as error:
            announce(self.environ, "backup_failed", {"directory": str(directory), "error": str(error)})
            raise
        if opts.json:
            say_json({"file": str(made.path), **made.manifest.as_json(), "removed": [str(one) for one in made.dropped]})
            return
        told = _("{path}: {rows} rows of {tables} tables, {size:.1f} MB")
        manifest, size = made.manifest, made.path.stat().st_size / 1e6
        say(told.format(path=made.path, rows=f"{manifest.rows:,}", tables=len(manifest.tables), size=size))
        for path in made.dropped:
            say(_("removed: {path}").format(path=path))
        if made.unnoted:
            told = _("The database has no record of it ({why}): scrapy doctor does not know of this backup.")
            say(told.format(why=made.unnoted), file=sys.stderr)

    def _restore(self, args: list[str], opts: argparse.Namespace) -> None:
        from refillspot.postgres.restoring import restore

        url, path = self.servers("postgres").database_url, Path(args[0])
        restored = restore(url, path, database=opts.database, replace=opts.replace)
        if opts.json:
            told_json = {"left_out": restored.left_out, "interrupted": restored.interrupted}
            say_json({"file": str(path), **restored.manifest.as_json(), "database": restored.database, **told_json})
            return
        told = _("{rows} rows of {tables} tables restored into {database}, as they were at {time} KST")
        manifest = restored.manifest
        rows, count, time = f"{manifest.rows:,}", len(manifest.tables), write_kst(manifest.taken_at)
        say(told.format(rows=rows, tables=count, database=restored.database, time=time))
        if restored.left_out:
            told = _("Left out, as they are no tables of refillspot: {tables}")
            say(told.format(tables=", ".join(restored.left_out)))
        for crawl in restored.interrupted:
            told = _("Crawl {id} was not complete then: the same command continues it, or begins it again")
            say(told.format(id=crawl))

    def _analyze(self, _args: list[str], _opts: argparse.Namespace) -> None:
        from refillspot.postgres.care import analyze

        for name in analyze(self.servers("postgres").database_url):
            say(name)

    def _reindex(self, _args: list[str], _opts: argparse.Namespace) -> None:
        from refillspot.postgres.care import reindex

        for one in reindex(self.servers("postgres").database_url):
            told = _("{name}: {before:.1f} MB before, {after:.1f} MB now")
            say(told.format(name=one.name, before=one.before / 1e6, after=one.after / 1e6))

    def _check(self, _args: list[str], opts: argparse.Namespace) -> None:
        from refillspot.commands.doctor import shown
        from refillspot.doctor.tables import judge
        from refillspot.postgres.care import examine

        found = list(shown(judge(examine(self.servers("postgres").database_url)), as_json=opts.json))
        if opts.json:
            say_json([asdict(check) for check in found])
        self.exitcode = 1 if any(check.state == "problem" for check in found) else 0

    def _prune(self, _args: list[str], opts: argparse.Namespace) -> None:
        from refillspot.crawl_log import OLD_DAYS
        from refillspot.postgres.database import update_schema
        from refillspot.postgres.retention import CHANGES, prune

        url, now = self.servers("postgres").database_url, self.clock.now()
        update_schema(url)
        days = {CHANGES: opts.days} if opts.days else {}
        pruned = list(prune(url, now, days, is_trial=opts.dry_run))
        found = [(one.kept.table, one.kept.what(), one.count, one.days) for one in pruned]
        found.append(
            ("logs", _("crawls whose fleets have logs"), self._prune_logs(now, is_trial=opts.dry_run), OLD_DAYS)
        )
        if opts.json:
            say_json([{"of": name, "count": count, "days": kept} for name, _what, count, kept in found])
            return
        say(_("This would go:") if opts.dry_run else _("Removed:"))
        for _name, what, count, kept in found:
            aged = ngettext(
                "{count} {what}, older than {days} day", "{count} {what}, older than {days} days", kept or 0
            )
            say((aged if kept else "{count} {what}").format(count=f"{count:>9,}", what=what, days=kept))

    def _prune_logs(self, now: datetime, *, is_trial: bool) -> int:
        from refillspot.crawl_log import OLD_DAYS, remove_old_logs
        from refillspot.services import read_environment

        logs = read_environment(self.environ).home / "logs"
        try:
            return remove_old_logs(logs, now - timedelta(days=OLD_DAYS), is_trial=is_trial)
        except OSError as error:
            told = _("{path} cannot be cleared: {why}")
            raise RefillspotError(told.format(path=logs, why=system_words(error))) from error


def _is_somebody_there() -> bool:
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()


def _is_backup_wanted(database_url: str, *, asks: bool) -> bool:
    """Tell whether tables are to be changed that are there, and, if somebody is asked, that they say so."""
    from refillspot.postgres.database import known_migrations, schema_state

    version, newest = schema_state(database_url).version, known_migrations()[-1].number
    if not version or version >= newest:
        return False
    if not asks:
        return True
    told = _("The tables go from version {version} to {newest}. Back them up first? [Y/n]")
    say(told.format(version=version, newest=newest))
    return not sys.stdin.readline().strip().lower().startswith("n")


def _fit(action: str, opts: argparse.Namespace) -> bool:
    """Tell whether no option is there that is another action's."""
    theirs = {
        "migrate": opts.backup,
        "reparse": opts.all or opts.site or opts.region,
        "backup": opts.keep is not None,
        "restore": opts.database is not None or opts.replace,
        "prune": opts.days is not None or opts.dry_run,
    }
    told_as_json = opts.json and action not in {"backup", "restore", "check", "prune"}
    return not told_as_json and not any(given for name, given in theirs.items() if name != action)


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
