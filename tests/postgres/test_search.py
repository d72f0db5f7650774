"""Search and near against what others compute: Python's substrings, and the geodesics of GeographicLib."""

from __future__ import annotations

import json
import re
import unicodedata
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import sql

from refillspot.postgres.database import migrate_database
from refillspot.postgres.outward import Circle, StoreFilter
from refillspot.regions import parse_districts, parse_region
from tests.postgres.older_schema import migrate_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Texts = tuple[str, str | None, list[str] | None, list[str]]  # name, branch, categories, menu
    Point = tuple[float, float]

INSERT = """
    INSERT INTO refillspot.stores
        (site, ref, name, branch, categories, menu, lat, lon, refill_verdict, refill_evidence, source_url)
    VALUES ('tiny', %s, %s, %s, %s, %s, %s, %s, 'likely', '[]', '')
"""
LETTERS = "가갈비나무한회ㄱㅏ\u1100\u1161\u11a8aAbBé%_\\'\"🍖👨\u200d🍳 \t\u00a0\u3000"
FEW = "가나 "  # so that a text has the pairs of another, in another order
TEXTS = st.text(LETTERS, max_size=8) | st.text(FEW, max_size=8)
NAMES = st.text(LETTERS, min_size=1, max_size=8) | st.text(FEW, min_size=1, max_size=8)
STORES = st.tuples(NAMES, st.none() | TEXTS, st.none() | st.lists(TEXTS, max_size=2), st.lists(TEXTS, max_size=3))
POINTS = st.tuples(st.floats(33, 39), st.floats(124, 132))
CENTRES = POINTS | st.tuples(st.floats(-90, 90), st.floats(-180, 180))
METRES = st.floats(1, 5_000) | st.floats(1, 2e6) | st.floats(1, 2.1e7)
SPHERE = 0.006  # how far the distance on a sphere may be off; 0.56 % at most, along a meridian


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    """Statements go by the index, however few the stores are."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SET enable_seqscan = off")
        yield connection


def put(connection: psycopg.Connection, stores: Sequence[Texts], points: Sequence[Point] = ()) -> None:
    connection.execute("TRUNCATE refillspot.stores")
    rows = []
    for number, (name, branch, categories, menu) in enumerate(stores):
        lines = json.dumps([{"name": line} for line in menu])
        rows.append((str(number), name, branch, categories, lines, *(points[number] if points else (None, None))))
    with connection.cursor() as cursor:
        cursor.executemany(INSERT, rows)


def found(connection: psycopg.Connection, call: str, *arguments: Any) -> list[int]:
    rows = connection.execute(f"SELECT ref FROM refillspot.{call}".encode(), arguments)
    return [int(ref) for (ref,) in rows]


def plain(text: str) -> str:
    return unicodedata.normalize("NFC", "".join(text.lower().split()))


def says(texts: Texts, query: str) -> bool:
    name, branch, categories, menu = texts
    return any(plain(query) in plain(text) for text in (name + (branch or ""), *(categories or ()), *menu))


def test_a_search_finds_what_python_finds(connection: psycopg.Connection) -> None:
    @settings(max_examples=50)
    @given(st.lists(STORES, min_size=1, max_size=8), st.lists(TEXTS, max_size=3), st.randoms(use_true_random=False))
    def finds_the_same(stores: list[Texts], queries: list[str], random: Any) -> None:
        put(connection, stores)
        texts = [text for name, branch, categories, menu in stores for text in (name + (branch or ""), *menu)]
        for text in random.sample(texts, min(4, len(texts))):
            first, last = sorted(random.choices(range(len(text) + 1), k=2))
            queries.append(unicodedata.normalize(random.choice(["NFC", "NFD"]), text[first:last].upper()))
        for query in queries:
            expected = [number for number, one in enumerate(stores) if says(one, query)]
            assert sorted(found(connection, "search(%s)", query)) == expected, query

    finds_the_same()


ODD = (
    ("명륜진사갈비", "강남점", ["돼지갈비", "무한리필"], ["숙성 돼지갈비", "냉면"]),
    ("BBQ 치킨", None, None, ["황금올리브 100%", "C:\\chicken"]),
    ("ㅋㅋ회포차", None, ["회"], ["모둠_회", "🍣 세트", "나가나"]),
)


QUERIES: tuple[tuple[str, list[int]], ...] = (
    ("명륜 진사", [0]),
    ("갈비강남", [0]),
    ("명륜\n진사", [0]),
    (unicodedata.normalize("NFD", "진사"), [0]),
    ("갈비냉면", []),  # of two lines of the menu
    ("점돼지", []),
    ("무한리필무한리필", []),
    ("나가나", [2]),
    ("가나가", []),  # whose pairs are there
    ("bbq", [1]),
    ("Bbq치", [1]),
    ("100%", [1]),
    ("%", [1]),
    ("_", [2]),
    ("갈_비", []),
    ("\\", [1]),
    ("C:\\c", [1]),
    ("회", [2]),
    ("ㅋ", [2]),
    ("ㅎ", []),
    ("🍣", [2]),
    ("", [0, 1, 2]),
    ("'; DROP TABLE refillspot.stores --", []),
)


def test_odd_texts(connection: psycopg.Connection) -> None:
    put(connection, ODD)

    for query, expected in QUERIES:
        assert sorted(found(connection, "search(%s)", query)) == expected, query


def test_what_lies_nearby_is_what_geographiclib_says(connection: psycopg.Connection) -> None:
    @settings(max_examples=40)
    @given(st.lists(POINTS, min_size=1, max_size=20), CENTRES, METRES, st.data())
    def finds_the_same(points: list[Point], centre: Point, metres: float, data: st.DataObject) -> None:
        close = data.draw(st.lists(st.tuples(*(st.floats(-0.05, 0.05),) * 2), max_size=10))
        points = [*points, *((centre[0] + lat, centre[1] + lon) for lat, lon in close)]
        points = [(lat, lon) for lat, lon in points if 33 <= lat <= 39 and 124 <= lon <= 132]
        put(connection, [("x", None, None, [])] * len(points), points)
        distances = [Geodesic.WGS84.Inverse(*centre, *point)["s12"] for point in points]
        near = found(connection, "near(%s, %s, %s)", *centre, metres)

        few = StoreFilter(near=Circle(*centre, metres), sort="distance", limit=3)
        nearest = [int(ref) for (ref,) in connection.execute(*few.statement(["ref"]))]

        assert nearest == near[:3]
        surely = {number for number, distance in enumerate(distances) if distance < metres * (1 - SPHERE)}
        perhaps = {number for number, distance in enumerate(distances) if distance <= metres * (1 + SPHERE)}
        assert surely <= set(near) <= perhaps
        for nearer, farther in pairwise(near):
            assert distances[nearer] <= distances[farther] * (1 + 2 * SPHERE) + 1e-3

    finds_the_same()


PADDED = """
    INSERT INTO refillspot.stores (
        site, ref, name, menu, lat, lon, refill_verdict, refill_evidence, source_url, district_code, hours_text,
        refill_price_krw
    )
    SELECT
        'tiny', number, 'store ' || number, jsonb_build_array(jsonb_build_object('name', md5(number::text))),
        37 + number / 1e4, 127 + sqrt(number) / 1e2, CASE number % 4 WHEN 0 THEN 'likely' ELSE 'unlikely' END, '[]', '',
        11000 + number % 500 * 10, repeat('x', 2000), number
    FROM generate_series(1, 4000) AS number
"""
AMISS = "Seq Scan on stores|Function Scan on (search|near)"  # a function scan does not say what the function does
GANGNAM = parse_districts("강남구")
HERE = Circle(37.5, 127.5, 2000)
FILTERS = (
    StoreFilter(sort="price", limit=20),
    StoreFilter(region=parse_region("서울"), cuisine="고기", sort="price", limit=20),
    StoreFilter(max_price=15000, verdict="likely", sort="price", limit=20),
    StoreFilter(text="ab"),
    StoreFilter(text="store 40", sort="name", limit=20),
    StoreFilter(text="7"),
    StoreFilter(near=HERE),
    StoreFilter(near=HERE, sort="distance", limit=20),
    StoreFilter(near=HERE, text="ab", sort="price"),
    StoreFilter(districts=GANGNAM),
    StoreFilter(districts=GANGNAM, verdict="likely", sort="price", limit=20),
    StoreFilter(districts=GANGNAM, max_price=20000, text="ab"),
    StoreFilter(region=parse_region("서울"), districts=GANGNAM, near=HERE),
)
CALLS = (
    "SELECT * FROM refillspot.search($1)",
    "SELECT name FROM refillspot.search($1) WHERE refill_price_krw < 20000 ORDER BY refill_price_krw LIMIT 5",
    "SELECT * FROM refillspot.near($2, $3, 2000) LIMIT 5",
    "SELECT * FROM refillspot.near($2, $3, 2000) JOIN refillspot.search($1) USING (site, ref)",
    "SELECT * FROM refillspot.v_stores WHERE site = 'tiny' AND ref = $1",
)


CORRECTED = """
    INSERT INTO refillspot.corrections (site, ref, field, value, based_on)
    SELECT 'tiny', number, 'name', '{"name": "corrected"}', to_jsonb('store ' || number)
    FROM generate_series(400, 800, 4) AS number
"""


def test_no_search_reads_the_whole_table(database_url: str) -> None:
    """Whatever is known of the values when the plan is made, and also where some stores are corrected."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(PADDED)
        connection.execute("ANALYZE refillspot.stores")
        before = plans(connection)
        connection.execute(CORRECTED)
        connection.execute("ANALYZE refillspot.corrections")
        after = plans(connection)
        corrected = connection.execute("SELECT count(*) FROM refillspot.search('corrected')").fetchall()

    assert len(before) == len(after) == len(FILTERS) + 2 * len(CALLS)
    assert {what: plan for what, plan in before.items() if re.search(AMISS, plan)} == {}
    assert {what: plan for what, plan in after.items() if re.search(AMISS, plan)} == {}
    assert corrected == [(101,)]


def plans(connection: psycopg.Connection) -> dict[str, str]:
    found = {}
    for wanted in FILTERS:
        statement, parameters = wanted.statement(["ref", "name", "menu"])
        found[str(wanted)] = plan(connection, sql.SQL("EXPLAIN {}").format(statement), parameters)
    for mode in ("force_generic_plan", "force_custom_plan"):
        connection.execute(f"SET plan_cache_mode = {mode}".encode())
        for call in CALLS:
            connection.execute(f"PREPARE call (text, float8, float8) AS {call}".encode())
            found[f"{mode} {call}"] = plan(connection, sql.SQL("EXPLAIN EXECUTE call ('ab', 37.5, 127.5)"))
            connection.execute("DEALLOCATE call")
    return found


def plan(
    connection: psycopg.Connection, explain: sql.SQL | sql.Composed, parameters: dict[str, Any] | None = None
) -> str:
    return "\n".join(line for (line,) in connection.execute(explain, parameters))


BEFORE = """
    INSERT INTO refillspot.stores
        (site, ref, name, branch, categories, menu, lat, lon, refill_verdict, refill_evidence, source_url, channel)
    VALUES
        ('tiny', 1, '명륜진사갈비', NULL, NULL, NULL, 37.5, 127, 'confirmed', '[]', '', 'api'),
        ('tiny', 2, '명륜', '진사점', '{}', '[]', NULL, NULL, 'likely', '[]', '', 'web'),
        ('tiny', 3, E'a\nb', '', '{NULL,명륜진사}', '[{"name": "x"}, {"name": null}, {}, 7]', 37.5, 127, 'likely', '[]', '', 'web'),
        ('tiny', 4, 'c', NULL, NULL, 'null', 37.5, 127, 'likely', '[]', '', 'web'),
        ('tiny', 5, 'd', NULL, NULL, '{"name": "명륜진사"}', 37.5, 127, 'likely', '[]', '', 'web'),
        ('tiny', 6, 'e', NULL, NULL, '"명륜진사"', 37.5, 127, 'likely', '[]', '', 'web'),
        ('tiny', 7, '명륜진사', NULL, NULL, NULL, 37.5, 127, 'unlikely', '[]', '', 'web');
    INSERT INTO refillspot.crawls (id, spider, arguments, started_at) VALUES ('one', 'tiny', '{}', now())
"""  # noqa: E501  # a row a line


def test_a_full_database_of_the_version_before_is_searched(empty_database_url: str) -> None:
    """Also one whose rows somebody has changed by hand."""
    migrate_until(empty_database_url, 9)
    with psycopg.connect(empty_database_url) as connection:
        connection.execute(BEFORE)
    migrate_database(empty_database_url)

    with psycopg.connect(empty_database_url) as connection:
        assert sorted(found(connection, "search('명륜 진사')")) == [1, 2, 3, 5]
        assert sorted(found(connection, "near(37.5, 127, 10)")) == [1, 3, 4, 5, 6]
        assert connection.execute("SELECT accepted FROM refillspot.crawls").fetchall() == [(True,)]
