from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy.exceptions import UsageError

from refillspot.command import BaseCommand, add_filter_options, store_filter
from refillspot.exceptions import ArgumentError
from refillspot.language import gettext as _
from refillspot.readable import say, say_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from refillspot.export.formats import FileFormat
    from refillspot.export.rows import Chosen

STDOUT = "-"


class Command(BaseCommand):
    """`scrapy export -o stores.csv`: the all-you-can-eat stores in a file for others.

    0 written; 1 it could not be; 2 wrong usage, a file that is somebody else's included; 130 interrupted.
    """

    wrong_usage = ArgumentError

    def syntax(self) -> str:
        return "[options] -o FILE"

    def short_desc(self) -> str:
        return _("Write the stores into a file: CSV, JSON, SQLite, GeoParquet")

    def long_desc(self) -> str:
        return _(
            "The stores that are confirmed or likely to be all-you-can-eat, as they are at one moment. The file is "
            "written beside its place, read again, and then takes its place whole, with FILE.manifest.json. A file "
            "that is there is replaced if it is an export and was not changed since."
        )

    def json_help(self) -> str:
        return _("print the manifest")

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("-o", "--output", metavar="FILE", help=_("where to, - for standard output"))
        parser.add_argument(
            "-f",
            "--format",
            metavar="FORMAT",
            help=_("csv, jsonl, geojson, sqlite or geoparquet, if the name of FILE does not say it"),
        )
        parser.add_argument(
            "--with-site-values",
            action="store_true",
            help=_("with the site's scores and pictures: docs/data-licence.md"),
        )
        parser.add_argument("--overwrite", action="store_true", help=_("replace whatever is there"))  # fmt: skip
        add_filter_options(parser)
        parser.add_argument("--limit", metavar="N", help=_("at most this many"))

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        from refillspot.export.files import ExportFile
        from refillspot.export.formats import find_format
        from refillspot.listing.table import write_counts

        if args or not opts.output:
            raise UsageError(_("name one file: scrapy export -o stores.csv"), print_help=False)
        name, form = find_format(opts.format, Path(opts.output))
        if opts.output == STDOUT:
            with self._chosen(opts) as stores:
                _pour(name, form, stores)
            return
        file = ExportFile(Path(opts.output))
        file.check(overwrite=opts.overwrite)
        with self._chosen(opts) as stores:
            manifest = file.write(form, stores, {"format": name, **self._facts(stores, opts)})
        if opts.json:
            say_json(manifest)
            return
        told = _("{path}: {stores}. What is in it: {manifest}")
        say(told.format(path=opts.output, stores=write_counts(manifest["verdicts"]), manifest=file.manifest.name))

    @contextmanager
    def _chosen(self, opts: argparse.Namespace) -> Iterator[Chosen]:
        from refillspot.export.rows import SITE_VALUES, Chosen
        from refillspot.postgres.outward import COLUMNS, snapshot

        wanted = replace(store_filter(opts), sort="key")
        columns = [name for name in COLUMNS if opts.with_site_values or name not in SITE_VALUES]
        with snapshot(self.servers("postgres").database_url, json_as_text=True) as stores:
            yield Chosen(stores, wanted, columns)

    def _facts(self, stores: Chosen, opts: argparse.Namespace) -> dict[str, Any]:
        from refillspot.export.files import describe
        from refillspot.listing.asking import CHOOSING

        given = {name: value for name in (*CHOOSING, "limit") if (value := vars(opts)[name]) is not None}
        return {"filters": given, **describe(stores, self.clock.now())}


def _pour(name: str, form: FileFormat, stores: Chosen) -> None:
    from refillspot.export.formats import TextFile

    if not isinstance(form, TextFile):
        told = _("{format} cannot be written into a pipe: name a file")
        raise ArgumentError(told.format(format=name))
    if sys.stdout.isatty():  # as people can read it, in the terminal's encoding
        shown = BytesIO()
        form.pour(stores, shown)
        say(shown.getvalue().decode("utf-8-sig").removesuffix("\n"), whole=True)
        return
    form.pour(stores, sys.stdout.buffer)
