from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from scrapy.exceptions import UsageError

from refillspot.command import BaseCommand, add_scope_options, crawl_scope
from refillspot.language import gettext as _
from refillspot.readable import say

if TYPE_CHECKING:
    import argparse
    from datetime import datetime

    from refillspot.report.printing import Format
    from refillspot.report.recorded import Records
    from refillspot.report.report import Report
    from refillspot.stats.crawl import Progress

ALL = "all"


class Command(BaseCommand):
    """`scrapy stats [RUN | last | all]`: how a crawl went, and what to do about it."""

    def syntax(self) -> str:
        return "[options] [RUN | last | all]"

    def short_desc(self) -> str:
        return _("Report on a crawl: figures, what went wrong, what to do")

    def long_desc(self) -> str:
        return _(
            "RUN: the id of a crawl (scrapy crawls list), or its beginning. Without RUN: the newest with running "
            "workers, else the newest. last: the newest. all: every crawl, one line each. A crawl is compared with the "
            "previous complete one of the same kind."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        add_scope_options(parser)
        parser.add_argument("--markdown", action="store_true", help=_("print Markdown"))
        parser.add_argument("--figures", action="store_true", help=_("all figures, even if nothing went wrong"))
        parser.add_argument("--against", metavar="RUN", help=_("compare with this crawl, with all figures"))
        parser.add_argument("--log", metavar="FILE", nargs="+",
                            help=_("report on logs of any Scrapy project instead, adding up several"))  # fmt: skip

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        if (
            len(args) > 1
            or (opts.log and (args or opts.against or opts.site or opts.region))
            or (args == [ALL] and opts.against)
        ):
            raise UsageError(_("use one of: RUN, RUN --against RUN, last, all, --log FILE …"), print_help=False)
        self._print(args[0] if args else None, opts)

    def _print(self, name: str | None, opts: argparse.Namespace) -> None:
        from refillspot.report.printing import print_all, print_one

        if opts.log:
            print_one(_of_logs(opts.log, self.clock.now()), _format(opts))
        elif name == ALL:
            print_all(_of_all(self._records(opts)), _format(opts))
        else:
            print_one(_of_crawl(self._records(opts), name, opts.against), _format(opts))

    def _records(self, opts: argparse.Namespace) -> Records:
        from refillspot.frontier.queue import OPEN
        from refillspot.operations.progress import ProgressReader
        from refillspot.report.recorded import Records
        from refillspot.shared.keys import crawl_prefix
        from refillspot.stats.crawl import GONE

        services = self.servers("postgres")

        def progress_of(crawl_id: str) -> Progress | None:
            with ProgressReader(services.redis_url, crawl_prefix(self.key_prefix, crawl_id)) as reader:
                progress = reader.read()
            return progress if progress and progress.state in {OPEN, GONE} else None

        return Records(services.database_url, self.clock.now(), crawl_scope(opts), progress_of)


def _format(opts: argparse.Namespace) -> Format:
    from refillspot.report.printing import Format

    if opts.json:
        return Format.JSON
    if opts.markdown:
        return Format.MARKDOWN
    return Format.FIGURES if opts.figures or opts.against else Format.TEXT


def _of_crawl(records: Records, name: str | None, against: str | None) -> Report:
    from refillspot.report.report import report_on

    crawl = records.find(name)
    earlier = records.find(against) if against else records.before(crawl)
    return report_on(records.stats(crawl), records.stats(earlier) if earlier else None, records.audited())


def _of_all(records: Records) -> list[Report]:
    from refillspot.report.report import report_on

    stats = {crawl.id: records.stats(crawl) for crawl in records.crawls}
    pairs = [(crawl, records.before(crawl)) for crawl in records.crawls]
    return [report_on(stats[crawl.id], stats[earlier.id] if earlier else None) for crawl, earlier in pairs]


def _of_logs(paths: list[str], now: datetime) -> Report:
    from refillspot.exceptions import ArgumentError
    from refillspot.report.recorded import read_log
    from refillspot.report.report import report_on
    from refillspot.stats.crawl import CrawlStats

    logs = {path: read_log(path) for path in paths}
    without = [path for path, runs in logs.items() if not runs]
    told = _("no stats in {files}: Scrapy writes them at the end, unless it is killed or STATS_DUMP is False")
    if len(without) == len(logs):
        raise ArgumentError(told.format(files=", ".join(without)))
    if without:
        say(told.format(files=", ".join(without)), file=sys.stderr)
    return report_on(CrawlStats.of([run for runs in logs.values() for run in runs], now))
