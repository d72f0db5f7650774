from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from scrapy.exceptions import UsageError

from refillspot.command import BaseCommand, add_place_options, store_filter
from refillspot.exceptions import ArgumentError
from refillspot.language import gettext as _
from refillspot.language import ngettext
from refillspot.readable import say, say_json

if TYPE_CHECKING:
    import argparse

    from refillspot.listing.entries import Listed

USUAL_SIZE = 30
MOST = 10_000


class Command(BaseCommand):
    """`scrapy audit --sample 30`: a person compares values with reality, one key a value."""

    wrong_usage = ArgumentError

    def syntax(self) -> str:
        return "[options]"

    def short_desc(self) -> str:
        return _("Check a sample of the stores by eye, one key a value")

    def long_desc(self) -> str:
        return _(
            "Shows each value of a sample beside the links of its page and of two maps; a key says right, wrong or "
            "don't know, and is kept at once. Interrupted, it goes on where it was: --seed, the month if not given, "
            "says which sample. scrapy stats tells what it came to. Without a terminal: --sheet, and --read."
        )

    def json_help(self) -> str:
        return _("print the sample as JSON, with what has been answered")

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        add_place_options(parser)
        parser.add_argument("--sample", metavar="N", help=_("this many stores, of each district by its share; 30"))
        parser.add_argument("--seed", metavar="NUMBER", help=_("which sample; the same number draws the same"))
        parser.add_argument("--sheet", metavar="FILE", help=_("write a CSV whose column `answer` is to be filled in"))
        parser.add_argument("--read", metavar="FILE", help=_("keep the answers of such a file"))

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        from refillspot.clock import KST
        from refillspot.listing.auditing import ask, draw_sample, read_sheet
        from refillspot.postgres.audits import audits
        from refillspot.report.audited import audit_lines
        from refillspot.terminal import read_key

        now = self.clock.now()
        size = _number("--sample", opts.sample, USUAL_SIZE, MOST)
        seed = _number("--seed", opts.seed, int(f"{now.astimezone(KST):%Y%m}"), 2**63 - 1)
        _check(args, opts)
        wanted = store_filter(_with_all(opts))
        url = self.servers("postgres").database_url
        if opts.read:
            count = read_sheet(url, opts.read, seed, now)
            say(ngettext("{count} answer is kept.", "{count} answers are kept.", count).format(count=count))
        else:
            sample = draw_sample(url, wanted, size, seed, now)
            if not sample:
                raise ArgumentError(_("There is no store there yet: scrapy crawl diningcode -a district=강남구"))
            if opts.json or opts.sheet:
                _hand_out(url, sample, seed, opts)
                return
            if left := ask(url, sample, seed, now, read_key):
                told = ngettext(
                    "{count} value is left: the same command goes on.",
                    "{count} values are left: the same command goes on.",
                    left,
                )
                say(told.format(count=left))
        with audits(url) as table:
            for line in audit_lines(table.sums(seed)):
                say(line)


def _check(args: list[str], opts: argparse.Namespace) -> None:
    if args or sum(map(bool, [opts.json, opts.sheet, opts.read])) > 1:
        raise UsageError(_("use one of: --json, --sheet FILE, --read FILE, or none of them"), print_help=False)
    if not (opts.json or opts.sheet or opts.read or (sys.stdin.isatty() and sys.stdout.isatty())):
        told = _(
            "scrapy audit needs a terminal, for its keys. Without one: scrapy audit --sheet audit.csv, fill its "
            "column answer with right, wrong or unknown, then scrapy audit --read audit.csv"
        )
        raise UsageError(told, print_help=False)


def _hand_out(url: str, sample: list[Listed], seed: int, opts: argparse.Namespace) -> None:
    from refillspot.listing.auditing import as_json, write_sheet
    from refillspot.postgres.audits import audits

    with audits(url) as table:
        answered = table.answered(seed)
    if opts.json:
        say_json(as_json(sample, answered))
        return
    count = write_sheet(opts.sheet, sample, answered)
    told = ngettext(
        "{count} value is in {file}: fill the column answer, then scrapy audit --read {file} --seed {seed}",
        "{count} values are in {file}: fill the column answer, then scrapy audit --read {file} --seed {seed}",
        count,
    )
    say(told.format(count=count, file=opts.sheet, seed=seed))


def _with_all(opts: argparse.Namespace) -> argparse.Namespace:
    """Return the options with those of a filter that this command has not."""
    from argparse import Namespace

    from refillspot.listing.asking import CHOOSING

    return Namespace(**{**dict.fromkeys((*CHOOSING, "sort", "limit")), **vars(opts)})


def _number(option: str, text: str | None, usual: int, most: int) -> int:
    if text is None:
        return usual
    if text.isascii() and text.isdigit() and 0 < int(text) <= most:
        return int(text)
    told = _("{option} is a number from 1 to {most}").format(option=option, most=f"{most:,}")
    raise UsageError(told, print_help=False)
