"""`Store` and its parts: what a crawl yields and what PostgreSQL keeps.

Plain dataclasses, so that parsers, tests and storage share them without Scrapy. In every optional field None means
"the source does not say", which is never the same as an empty list ("it says: none").
"""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

Audience = Literal["adult", "teen", "child", "senior"]
Meal = Literal["lunch", "dinner"]
DayKind = Literal["weekday", "weekend", "holiday"]
Verdict = Literal["confirmed", "likely", "unlikely"]
Channel = Literal["api", "web"]
"""How the site was asked: through its API, or by the pages that it has for people."""
StoreKey = tuple[str, str]
"""The site, and the id that it has given: what a store is known by."""
EvidenceSource = Literal["name", "branch", "category", "menu", "tag"]
Festivals = Literal["open", "day closed", "closed"]
"""설 and 추석: open, closed on the day itself, closed (for how many days around it is in the text)."""

MIDNIGHT = "24:00"
WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")


@dataclass(slots=True, frozen=True)
class Address:
    """A Korean postal address under today's official names.

    `sido` "서울특별시"; `sigungu` "강남구" or "수원시 권선구"; `dong` the legal 동/읍/면, "역삼동", "성수동2가";
    `road` with its number, "테헤란로 123"; `detail` what is left, "2층"; the number of a lot
    is a part of it, "123-4 2층".
    """

    sido: str | None = None
    sigungu: str | None = None
    dong: str | None = None
    road: str | None = None
    detail: str | None = None


@dataclass(slots=True, frozen=True)
class Price:
    """One price in won; `krw_min` == `krw_max` unless the text gives a range. None = the text does not say."""

    krw_min: int
    krw_max: int
    audience: Audience | None = None
    meal: Meal | None = None
    day: DayKind | None = None


@dataclass(slots=True, frozen=True)
class MenuItem:
    """One line of a menu. `price_krw` is None where the board gives no single number (시가, 가격 문의).

    `outlier`: the amount cannot be a meal for one, such as a notice or a bottle of wine written as a menu line.
    """

    name: str
    price_krw: int | None = None
    price_text: str | None = None
    recommended: bool = False
    description: str | None = None
    outlier: bool = False


@dataclass(slots=True, frozen=True)
class RefillTerms:
    """What holds for an all-you-can-eat offer besides its price. None = the menu does not say."""

    time_limit_minutes: int | None = None
    min_persons: int | None = None
    leftover_fee: bool | None = None
    """환경부담금: leaving food costs extra."""
    leftover_fee_krw: int | None = None
    drinks_included: bool | None = None


@dataclass(slots=True, frozen=True)
class Evidence:
    """One reason for a verdict: which part of the store said it, and the words."""

    source: EvidenceSource
    text: str


@dataclass(slots=True, frozen=True)
class RefillVerdict:
    """Whether a store is all-you-can-eat, and why."""

    verdict: Verdict
    """Whether it is 무한리필: `confirmed`, `likely`, `unlikely`, see below."""
    evidence: list[Evidence] = field(default_factory=list)
    """Why: `[{"source": "menu", "text": "삼겹살 무한리필"}]`; source `name`, `branch`, `category`, `menu` or `tag`.
    Empty for `unlikely`."""


@dataclass(slots=True, frozen=True)
class Day:
    """One weekday. `intervals` ("11:30", "23:30"), breaks cut out; past midnight counts on: ("17:00", "26:00")."""

    intervals: list[tuple[str, str]] = field(default_factory=list)
    last_order: str | None = None
    closed: bool = False


@dataclass(slots=True, frozen=True)
class OpeningHours:
    """The opening hours of the weekdays that are known (0 = Monday), in Korean time."""

    days: dict[int, Day] = field(default_factory=dict)
    closed_weeks: dict[int, list[int]] = field(default_factory=dict)
    """{weekday: weeks of the month in which it is closed all the same}, {6: [1, 3]}; -1 = the last one."""
    closed_every_other_week: list[int] = field(default_factory=list)
    """Weekdays that are closed 격주; which weeks, the source does not say."""
    holidays: Day | None = None
    """Public holidays (공휴일), where they have hours of their own or are closed."""
    festivals: Festivals | None = None
    notes: list[str] = field(default_factory=list)
    """The parts of the text that could not be read, as written (in lower case)."""
    exceptions: list[int] = field(default_factory=list)
    """Weekdays of which only one date is said to be closed: a public holiday (and then not in `days`), or just today.

    What was known of them before holds.
    """


@dataclass(slots=True, frozen=True)
class ReadPage:
    """The page that a store was read from and the list row that led to it, both as they may be kept."""

    row: dict[str, Any]
    body: bytes


class Commit(NamedTuple):
    """What made an item durable: a row of `refillspot.crawl_commits`."""

    writer: str
    batch: int


class _Read:
    """Where an item comes from and what became of it: at hand for whoever stores it, and no part of what it says."""

    __slots__ = ("age", "blank", "commit", "page", "partial", "read_at")
    page: ReadPage | None
    read_at: float
    """Seconds, of `time.monotonic`."""
    age: float
    """Seconds that the page had been kept when it was read."""
    blank: frozenset[str]
    """Fields that have their place on the page, and nothing in it: what was known of them may have vanished."""
    partial: frozenset[str]
    """Lists of which something could not be read."""
    commit: Commit | None
    """None: not stored yet."""

    def __post_init__(self) -> None:
        self.page, self.commit = None, None
        self.read_at, self.age = monotonic(), 0.0
        self.blank = self.partial = frozenset()

    def read_from(self, page: ReadPage) -> None:
        self.page = page

    def sent_before(self, seconds: float) -> None:
        """Say that the site had sent the page so long before it was read."""
        self.age = seconds

    def says_less(self, blank: Iterable[str], partial: Iterable[str]) -> None:
        self.blank, self.partial = frozenset(blank), frozenset(partial)

    def read_ago(self, seconds: float) -> None:
        """Say that it was read so long ago."""
        self.read_at = monotonic() - seconds

    def stored_by(self, commit: Commit) -> None:
        self.commit = commit


@dataclass(slots=True)
class Store(_Read):
    """One restaurant, as one crawl saw it. Keyed by the site and `ref`, the site's own id."""

    site: str
    """Whose store it is, `diningcode`: the name of its spider. The key is `(site, ref)`."""
    ref: str
    """The site's own id, 12 letters and digits; unique within the site."""
    name: str
    """The name without the branch."""
    source_url: str
    """The store's page for people."""
    refill: RefillVerdict
    district_code: str | None = None
    """Official code of the district, `11680`: unique, which the names are not. None: its addresses are not known, or
    lie in no known district."""
    district: str | None = None
    """Its name, `강남구`. None: as `district_code`."""
    region: str | None = None
    """Official name of the city or province, `서울특별시`: five of them have a 중구. None: its addresses
    do not say, or the row is older than this column and lies in no known district (`scrapy db reparse --all`)."""
    branch: str | None = None
    """The branch: `본점`, `강남역점`, `2호점`. None: most stores have none."""
    addr: str | None = None
    """Lot-number address, in the site's spelling."""
    road_addr: str | None = None
    """Road address, in the site's spelling."""
    dong: str | None = None
    """Legal 동, 읍 or 면: `역삼동`, `성수동2가`, `세종로`; an office's dong (`역삼1동`) becomes its legal one. None:
    the address names none, or one that the district does not have."""
    lat: float | None = None
    """The point, WGS84 degrees. None: also where the site gives one outside Korea."""
    lon: float | None = None
    """As `lat`."""
    dong_confirmed: bool | None = None
    """Whether the point lies in the dong of the address, or within 200 m of its bounding box; False: believe neither
    before looking. Around 마곡동, where the map is older than the town, within 1 km. None: one of them is not known."""
    phone: str | None = None
    """The first number that can exist, in national format: `02-555-1234`, `0507-1309-5529` (virtual), `1577-9189`."""
    categories: list[str] | None = None
    """The site's categories, in its order, each once."""
    cuisines: list[str] | None = None
    """The same in ten words, see below; empty = none of them fits. None: no categories."""
    score: int | None = None
    """The site's own score, 0 to 100; 25 is the floor of the unrated."""
    user_score: float | None = None
    """Mean of the visitors' ratings, 0.1 to 5.0. None: nobody rated it (the site writes 0)."""
    review_count: int | None = None
    """How many reviews."""
    images: list[str] | None = None
    """Addresses of pictures; the site's placeholder is not one."""
    hours: OpeningHours | None = None
    """Opening hours, see below. None: no day is known; `hours_text` may say why."""
    hours_text: str | None = None
    """The site's words, a line a day: kept also where they were not understood. None: the site knows none."""
    open_status: str | None = None
    """As the list showed it when it was fetched: `영업 중`, `오늘 휴무`; about that moment only."""
    menu: list[MenuItem] | None = None
    """The menu, see below. None: the page had no menu section."""
    refill_prices: list[Price] | None = None
    """What the offer costs, by audience, meal and day, see below; empty = no line of the menu is the offer. None: no
    menu."""
    refill_price_krw: int | None = None
    """Won; the cheapest ordinary adult price of the offer (audience adult or not said), of a range the lower end. None:
    not all-you-can-eat, no price, or none between 500 and 300,000."""
    refill_terms: RefillTerms | None = None
    """On which terms, see below. None: the menu states none."""
    tags: list[str] | None = None
    """Words that the site files it under."""
    facilities: list[str] | None = None
    """`주차`, `단체석` …"""
    channel: Channel = "api"
    """By which channel it was read last: `api`, or `web`, the page for people, which says less."""

    def __str__(self) -> str:
        return " ".join(filter(None, [self.name, self.branch, f"({self.refill.verdict}, {self.site} {self.ref})"]))


@dataclass(slots=True, frozen=True)
class UnknownStore:
    """A store that a search showed, and of whose page the site says that there is no such store."""

    site: str
    ref: str


@dataclass(slots=True, frozen=True)
class UnreadPage:
    """A store page that no parser could read, with the list row that led to it."""

    site: str
    ref: str
    row: dict[str, Any]
    body: bytes
    error: str
