"""The user's table, a function a goal: from what was measured to what was to be reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from refillspot.language import gettext as _
from refillspot.performance.faults import KINDS, SPOILT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from refillspot.performance.crawls import WholeCrawl
    from refillspot.performance.measurements import Measurements
    from refillspot.performance.storage import Storage

# What the user wants. Where that is a span, its nearer end: 500-1,000 stores, 6-12 h, 50-60 %.
STORES_PER_HOUR = 500
SEOUL_HOURS = 12
MEMORY_MIB = 2048
CONSTANT = 0.05  # share by which workers may still grow from one quarter of a crawl to the next
HIT_RATE = 0.6
ROWS_PER_SECOND = 1000
FEWER_REQUESTS = 0.5
AVAILABILITY = 0.999


@dataclass(slots=True, frozen=True, kw_only=True)
class Goal:
    key: str
    """As `scrapy perf --only` takes it."""
    name: str
    case: str = ""
    """Of several rows with one name, which."""
    goal: str
    figure: str
    baseline: str
    is_met: bool | None
    """None: too little could be measured to tell."""
    is_computed: bool
    """From measured parts, as the note says; else the figure itself was measured."""
    note: str
    """How it came about, with the numbers in it."""
    value: float
    """The figure as a number, in the unit of the goal."""


def throughput(found: Measurements) -> Iterator[Goal]:
    yield _throughput_under_budget(found)
    yield _throughput_measured(_("without a limit"), found.whole, _("50-80 before"))
    if found.are_servers_near:
        case = _("without a limit, servers {ms:.1f} ms away").format(ms=found.far.round_trip * 1000)
        beside = _("{figure:,.0f} beside them").format(figure=found.whole.stores_per_hour)
        yield _throughput_measured(case, found.far, beside)


def seoul(found: Measurements) -> Iterator[Goal]:
    hours = found.whole.requests / found.pace / 3600
    without_reuse = write_hours(found.naive.requests / found.pace / 3600)
    yield Goal(
        key="seoul",
        name=_("All of Seoul"),
        goal=f"≤ {write_hours(SEOUL_HOURS)}",
        figure=write_hours(hours),
        baseline=_("{figure} without reuse; 7 days before").format(figure=without_reuse),
        is_met=hours <= SEOUL_HOURS,
        is_computed=True,
        note=_("{requests:,} requests (all of a synthetic Seoul) ÷ {rate:.2f} requests/s (seen by the site)").format(
            requests=found.whole.requests, rate=found.pace
        ),
        value=hours,
    )


def memory(found: Measurements) -> Iterator[Goal]:
    seen = found.memory
    peak = seen.peak.crawl + seen.peak.servers
    fits = peak <= MEMORY_MIB and seen.growth <= CONSTANT
    note = _(
        "peak: fleet of {workers} workers {crawl:,.0f} MB, servers {servers:,.0f} MB; the fleet grew by "
        "{growth:.1f} %, from the third to the last quarter of {stores:,} stores"
    ).format(
        workers=found.conditions.workers, crawl=seen.peak.crawl, servers=seen.peak.servers,
        growth=100 * seen.growth, stores=seen.stores,
    )  # fmt: skip
    if seen.peak.unknown:
        note += _("; not measured because elsewhere: {servers}").format(servers=", ".join(seen.peak.unknown))
    yield Goal(
        key="memory",
        name=_("Memory"),
        goal=_("≤ {limit:,} MB, constant").format(limit=MEMORY_MIB),
        figure=_("{peak:,.0f} MB, {growth:+.1f} %").format(peak=peak, growth=100 * seen.growth),
        baseline=_("grew with every store before"),
        is_met=None if fits and seen.peak.unknown else fits,
        is_computed=False,
        note=note,
        value=peak,
    )


def cache(found: Measurements) -> Iterator[Goal]:
    again = found.repeat
    yield Goal(
        key="cache",
        name=_("Cache hit rate"),
        goal=f"≥ {write_share(HIT_RATE)}",
        figure=write_share(again.hit_rate),
        baseline=_("none before"),
        is_met=again.hit_rate >= HIT_RATE and again.pages_asked <= again.misses,
        is_computed=False,
        note=_(
            "all of Seoul again, right away: {hits:,} hits, {misses:,} misses; {asked:,} pages were requested "
            "from the site, {first:,} the first time"
        ).format(hits=again.hits, misses=again.misses, asked=again.pages_asked, first=found.whole.pages_asked),
        value=again.hit_rate,
    )


def database(found: Measurements) -> Iterator[Goal]:
    yield _database("", found.storage, found)
    if found.are_servers_near:
        away = _("{ms:.1f} ms away").format(ms=found.far_storage.round_trip * 1000)
        yield _database(away, found.far_storage, found)


def requests(found: Measurements) -> Iterator[Goal]:
    naive, ours = found.naive, found.whole.requests
    fewer = 1 - ours / naive.requests
    yield Goal(
        key="requests",
        name=_("Fewer network requests"),
        goal=f"≥ {write_share(FEWER_REQUESTS)}",
        figure=write_share(fewer),
        baseline=_("{requests:,} without reuse").format(requests=naive.requests),
        is_met=fewer >= FEWER_REQUESTS,
        is_computed=True,
        note=_(
            "1 − {ours:,} requests with an empty cache (log of the site) ÷ {requests:,} without reuse ({lists:,} "
            "lists, {pages:,} pages of stores, counted from the site's answers)"
        ).format(ours=ours, requests=naive.requests, lists=naive.lists, pages=naive.pages),
        value=fewer,
    )


def availability(found: Measurements) -> Iterator[Goal]:
    seen = found.availability
    note = _(
        "{committed} of {due} slots of {slot:g} s had a commit; meanwhile {killed} of {workers} workers were "
        "killed, all connections to a server were cut {cut} times, and {share:.0f} of 100 answers were spoilt in "
        "each of {kinds} ways. Such a short run says nothing about weeks at 99.9 %: for more, make chaos"
    ).format(
        committed=seen.committed, due=seen.due, slot=found.conditions.slot_seconds, killed=seen.killed,
        workers=found.conditions.workers, cut=seen.cut, share=100 * SPOILT, kinds=len(KINDS),
    )  # fmt: skip
    yield Goal(
        key="availability",
        name=_("Availability"),
        goal=f"≥ {write_share(AVAILABILITY)}",
        figure=_("unknown") if seen.share is None else write_share(seen.share),
        baseline=_("99 % before"),
        is_met=None if seen.share is None else seen.share >= AVAILABILITY,
        is_computed=False,
        note=note,
        value=seen.share or 0.0,
    )


GOALS: dict[str, Callable[[Measurements], Iterator[Goal]]] = {
    row.__name__: row for row in (throughput, seoul, memory, cache, database, requests, availability)
}
"""By what `--only` takes, in the order of the table."""


def measure_goals(found: Measurements, only: Sequence[str]) -> list[Goal]:
    """Return the rows of these names, in the order of the table; no name: all."""
    return [row for name, measure in GOALS.items() if not only or name in only for row in measure(found)]


def _database(case: str, storage: Storage, found: Measurements) -> Goal:
    return Goal(
        key="database",
        name=_("Database insertion"),
        case=case,
        goal=_("≥ {goal:,} rows/s").format(goal=ROWS_PER_SECOND),
        figure=_("{figure:,.0f} rows/s").format(figure=storage.merged),
        baseline=_("{figure:,.0f}, one INSERT a row").format(figure=storage.inserted),
        is_met=storage.merged >= ROWS_PER_SECOND,
        is_computed=False,
        note=_(
            "{rows:,} stores, all columns, COPY and merge, {group:,} per transaction; median of {rounds}; a "
            "round trip took {ms:.2f} ms"
        ).format(rows=storage.rows, group=found.conditions.group, rounds=storage.rounds, ms=storage.round_trip * 1000),
        value=storage.merged,
    )


def _throughput_under_budget(found: Measurements) -> Goal:
    rate, pace, whole, naive = found.pace, found.conditions.requests_per_second, found.whole, found.naive
    without_reuse = 3600 * rate * naive.stores / naive.requests
    return _throughput(
        _("at {pace:g}/s").format(pace=pace) if pace else _("no budget is set"),
        3600 * rate * whole.stores / whole.requests,
        baseline=_("{figure:,.0f} without reuse; 50-80 before").format(figure=without_reuse),
        note=_(
            "3,600 s × {rate:.2f} requests/s (seen by the site over {seconds:.0f} s) × {stores:,} stores ÷ "
            "{requests:,} requests (all of a synthetic Seoul)"
        ).format(rate=rate, seconds=found.conditions.pace_seconds, stores=whole.stores, requests=whole.requests),
        is_computed=True,
    )


def _throughput_measured(case: str, whole: WholeCrawl, baseline: str) -> Goal:
    note = _("{stores:,} stores in {seconds:.1f} s, from the first worker's start to the last commit")
    note = note.format(stores=whole.stores, seconds=whole.seconds)
    return _throughput(case, whole.stores_per_hour, baseline=baseline, note=note, is_computed=False)


def _throughput(case: str, figure: float, *, baseline: str, note: str, is_computed: bool) -> Goal:
    return Goal(
        key="throughput",
        name=_("Throughput"),
        case=case,
        goal=_("≥ {goal:,} stores/h").format(goal=STORES_PER_HOUR),
        figure=_("{figure:,.0f} stores/h").format(figure=figure),
        baseline=baseline,
        is_met=figure >= STORES_PER_HOUR,
        is_computed=is_computed,
        note=note,
        value=figure,
    )


def write_hours(hours: float) -> str:
    """Return "43 min", "12 h", "6 h 05 min"."""
    minutes = round(hours * 60)
    if minutes < 60:
        return _("{minutes} min").format(minutes=minutes)
    if minutes % 60 == 0:
        return _("{hours} h").format(hours=minutes // 60)
    return _("{hours} h {minutes:02} min").format(hours=minutes // 60, minutes=minutes % 60)


def write_share(share: float) -> str:
    """Return "62 %", "99.86 %"; nothing that is less than all is written as 100 %."""
    percent = int(share * 10_000) / 100 if share < 1 else share * 100
    return f"{percent:g} %"
