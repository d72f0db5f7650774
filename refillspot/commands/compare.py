from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.exceptions import UsageError

from refillspot.command import BaseCommand, add_place_options, region_named, site_named, usage
from refillspot.exceptions import ArgumentError
from refillspot.language import gettext as _
from refillspot.readable import say_json

if TYPE_CHECKING:
    import argparse

    from refillspot.listing.own_list import OwnList
    from refillspot.regions import Region

DATABASES = ("postgresql://", "postgres://")
INCOMPLETE = 3


class Command(BaseCommand):
    """`scrapy compare FILE`: my own list of places against the stores that are known.

    0 all of them are found; 3 some are not; 1 it could not be done; 2 wrong usage, an unreadable list included.
    """

    wrong_usage = ArgumentError

    def syntax(self) -> str:
        return "[options] FILE | postgresql://… --table NAME"

    def short_desc(self) -> str:
        return _("Compare a list of your own: found, not found, new")

    def long_desc(self) -> str:
        return _(
            "FILE is a CSV as Excel or public offices write it, with a column of names (상호, 업소명, name …) and, "
            "where there are any, of branches, addresses and points. A place is found by name and distance; of each "
            "that is not, the nearest is shown. Exit code 0: all are found, 3: some are not."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        add_place_options(parser)
        parser.add_argument("--table", metavar="NAME", help=_("of the database: this table, such as public.shops"))
        parser.add_argument(
            "--columns", metavar="ROLE=COLUMN", action="append", default=[],
            help=_("what a column is called there: name= branch= addr= road_addr= lat= lon= (may be repeated)"),
        )  # fmt: skip

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        from refillspot.listing.comparing import as_json, compare, print_comparison
        from refillspot.redaction import scrub
        from refillspot.regions import SEOUL, parse_districts

        if len(args) != 1:
            raise UsageError(_("give one list: a CSV, or postgresql://… with --table"), print_help=False)
        region = region_named(opts)
        with usage():
            districts = parse_districts(opts.district, region or SEOUL) if opts.district else ()
        own = self._read(args[0], opts, region)
        comparison = compare(
            self.servers("postgres").database_url,
            own,
            site=site_named(opts).name if opts.site else None,
            region=region,
            districts={district.code for district in districts},
        )
        if opts.json:
            say_json(as_json(comparison))
        else:
            print_comparison(comparison, scrub(args[0]))
        self.exitcode = INCOMPLETE if comparison.missing or comparison.unlisted else 0

    def _read(self, source: str, opts: argparse.Namespace, region: Region | None) -> OwnList:
        from refillspot.listing.own_list import read_columns, read_file, read_text
        from refillspot.postgres.foreign_table import read_csv
        from refillspot.regions import SEOUL

        columns = read_columns(opts.columns)
        if source.startswith(DATABASES):
            if not opts.table:
                raise UsageError(_("say which table of the database: --table shops"), print_help=False)
            return read_text(read_csv(source, opts.table), opts.table, columns, region or SEOUL)
        if opts.table:
            raise UsageError(_("--table goes with an address of a database: postgresql://…"), print_help=False)
        return read_file(source, columns, region or SEOUL)
