"""Crawls on record, to be reported on: as PostgreSQL remembers them, and as Scrapy writes them at the end of a log.

A log may be of any project and any system: it is read, never executed. For commands: this blocks.
"""

from __future__ import annotations

import ast
import codecs
import json
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from refillspot.crawl_ids import check_crawl_id
from refillspot.exceptions import ArgumentError
from refillspot.language import gettext as _
from refillspot.postgres.audits import latest
from refillspot.postgres.crawls import ANY, list_crawls
from refillspot.postgres.worker_stats import read
from refillspot.readable import one_line
from refillspot.retelling import system_words
from refillspot.stats.crawl import RUNNING, CrawlStats, named_crawl
from refillspot.stats.worker_stats import WorkerStats, plain_stats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from refillspot.postgres.audits import Audited
    from refillspot.stats.crawl import Crawl, CrawlScope, Progress

LAST = "last"


class Records:
    """The crawls of a database that are meant, as of `now`.

    `progress_of` asks the queue of a crawl that is not complete, by its id; None where nobody knows.

    Raises:
        ServiceUnavailableError: PostgreSQL does not answer.
    """

    def __init__(
        self,
        database_url: str,
        now: datetime,
        scope: CrawlScope = ANY,
        progress_of: Callable[[str], Progress | None] = lambda _id: None,
    ) -> None:
        self._database_url = database_url
        self._now = now
        self._progress_of = progress_of
        self.crawls = list_crawls(database_url, scope)
        """Newest first."""

    def stats(self, crawl: Crawl) -> CrawlStats:
        progress = self._progress_of(crawl.id) if crawl.state == RUNNING else None
        return CrawlStats.of(read(self._database_url, crawl.id), self._now, crawl, progress)

    def find(self, name: str | None) -> Crawl:
        """Return the crawl with this id, or with the only id that begins so; "last" is the newest.

        None: the newest that workers are at work on, else the newest.

        Raises:
            ArgumentError: there is none, or there are several.
        """
        running = (crawl for crawl in self.crawls if name is None and crawl.state == RUNNING)
        at_work = (crawl for crawl in running if (progress := self._progress_of(crawl.id)) and progress.workers)
        return next(at_work, None) or find(self.crawls, name or LAST)

    def audited(self) -> list[Audited]:
        """Return what people have found by looking, in the sample that was answered last."""
        return latest(self._database_url)

    def before(self, crawl: Crawl) -> Crawl | None:
        """Return the newest complete crawl with equal arguments that was begun before this one."""
        return previous(self.crawls, crawl)


def find(crawls: Sequence[Crawl], name: str) -> Crawl:
    if name != LAST:
        check_crawl_id(name)
    if not crawls:
        raise ArgumentError(_("there is no crawl yet: scrapy crawl diningcode -a district=강남구"))
    if name == LAST:
        return crawls[0]
    return named_crawl(crawls, name)


def previous(crawls: Sequence[Crawl], crawl: Crawl) -> Crawl | None:
    same = (
        one
        for one in crawls
        if one.state == "complete"
        and (one.spider, one.arguments) == (crawl.spider, crawl.arguments)
        and one.started_at < crawl.started_at
    )
    return next(same, None)


MARK = "Dumping Scrapy stats:"
HEADING = re.compile(rf"(?!\s)(?:(?!: ).)*(?:: )?{MARK}(?P<rest>.*)", re.DOTALL)
"""The line that begins them: time, logger and level before the mark, and nothing that an entry quotes."""
LONGEST_LINES = 5000  # of stats; what goes on longer is something else
JSON_LINE = '{"time":'  # as `refillspot.logs` begins one
NEW_LINE = re.compile(rf"\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d|{re.escape(JSON_LINE)}")  # the start of an entry of a log
ENTRY = re.compile(r"^\s*[{ ]\s*(?P<name>'(?:[^'\\]|\\.)*'|\"[^\"]*\"):\s*(?P<value>.*?)[,}]?\s*$")
UNREADABLE = (SyntaxError, ValueError, TypeError, RecursionError, MemoryError, OverflowError)
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # what `>` of Windows PowerShell writes


def read_log(path: str) -> list[WorkerStats]:
    """Return what each run that a log tells of has counted; none where the log has no stats.

    Raises:
        ArgumentError: the file cannot be read.
    """
    file = Path(path)
    try:
        with file.open("rb") as start:
            encoding = "utf-16" if start.read(2) in UTF_16 else "utf-8-sig"
        with file.open(encoding=encoding, errors="replace") as lines:
            return read_runs(lines, path)
    except OSError as error:
        raise ArgumentError(
            _("{file} cannot be read: {reason}").format(file=path, reason=system_words(error))
        ) from error


def read_runs(lines: Iterable[str], source: str) -> list[WorkerStats]:
    """Return what each run that a log tells of has counted, in the order of the log; none where it has no stats.

    `source` names the log, and stands for a worker's name where the stats have none.
    """
    return [_run(stats, f"{source} ({number})") for number, stats in enumerate(_dumps(_messages(lines)), 1)]


def _run(read: dict[str, Any], name: str) -> WorkerStats:
    stats = {one_line(name): one_line(value) if isinstance(value, str) else value for name, value in read.items()}
    begun, ended = _moment(stats.get("start_time")), _moment(stats.get("finish_time"))
    seen = ended or begun or datetime.fromtimestamp(0, UTC)
    return WorkerStats(str(stats.get("crawl/worker", name)), begun or seen, seen, seen, plain_stats(stats))


def _moment(value: object) -> datetime | None:
    return value if isinstance(value, datetime) else None


def _messages(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a log for people; of one of JSON lines those that matter, as they are in such a log."""
    for line in lines:
        if line.startswith(JSON_LINE) and MARK in line:
            with suppress(ValueError, KeyError):
                yield from str(json.loads(line)["message"]).splitlines(keepends=True)
        else:
            yield line


def _dumps(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    block: list[str] | None = None
    for line in lines:
        heading = HEADING.match(line) if MARK in line else None
        is_over = block is not None and (heading or NEW_LINE.match(line) or len(block) >= LONGEST_LINES)
        if block and is_over:
            yield from _stats(block)
        if heading:
            block = [heading["rest"]] if heading["rest"].strip() else []
        elif is_over:
            block = None
        elif block is not None:
            block.append(line)
    if block:
        yield from _stats(block)


def _stats(block: list[str]) -> Iterator[dict[str, Any]]:
    """Yield the stats of a block, if there are any; an entry that cannot be read costs no other."""
    text = "".join(block)
    end = text.rfind("}") + 1
    with suppress(*UNREADABLE):
        tree = ast.parse(text[:end].strip(), mode="eval").body
        if isinstance(tree, ast.Dict):
            yield dict(_entries(tree))
            return
    read = {}
    for line in block:
        if entry := ENTRY.match(line):
            with suppress(*UNREADABLE):
                read[str(ast.literal_eval(entry["name"]))] = _value(ast.parse(entry["value"], mode="eval").body)
    if read:
        yield read


def _entries(tree: ast.Dict) -> Iterator[tuple[str, Any]]:
    for key, value in zip(tree.keys, tree.values, strict=True):
        with suppress(*UNREADABLE):
            yield str(ast.literal_eval(key or ast.Constant(None))), _value(value)


def _value(node: ast.expr) -> Any:
    """Return what a literal stands for, or a time or duration as Python writes it.

    Raises:
        ValueError: it is anything else.
    """
    if not isinstance(node, ast.Call):
        return ast.literal_eval(node)
    numbers = [ast.literal_eval(argument) for argument in node.args]
    named = {keyword.arg or "": keyword.value for keyword in node.keywords}
    match ast.unparse(node.func), [ast.unparse(value) for value in named.values()]:
        case "datetime.datetime", ["datetime.timezone.utc"] | []:  # older versions of Scrapy write UTC without its name
            return datetime(*numbers).replace(tzinfo=UTC)  # noqa: DTZ001
        case "datetime.timedelta", _:
            return timedelta(*numbers, **{name: ast.literal_eval(value) for name, value in named.items()})
        case other, _:
            raise ValueError(f"{other} is no value of a log")
