"""What others may read: the outward views."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from refillspot.items import RefillVerdict
from tests.postgres.test_stores import store, write

if TYPE_CHECKING:
    from refillspot.items import Verdict


def shown(database_url: str, columns: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database_url) as connection:
        return connection.execute(f"SELECT {columns} FROM refillspot.v_stores ORDER BY ref").fetchall()


def test_the_view_shows_what_is_all_you_can_eat_and_operating(database_url: str) -> None:
    verdicts: dict[str, Verdict] = {"A": "confirmed", "B": "likely", "C": "unlikely", "D": "confirmed", "E": "likely"}
    write(database_url, *(store(ref, refill=RefillVerdict(verdict)) for ref, verdict in verdicts.items()))
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE refillspot.stores SET status = 'missing' WHERE ref = 'D'")
        connection.execute("UPDATE refillspot.stores SET status = 'closed' WHERE ref = 'E'")

    assert shown(database_url, "ref, refill_verdict") == [("A", "confirmed"), ("B", "likely")]


def test_a_mobile_number_is_marked(database_url: str) -> None:
    phones = ("010-1234-5678", "011-123-4567", "02-010-1234", "0507-1010-1234", "1577-0100", None)
    write(database_url, *(store(f"{number}", phone=phone) for number, phone in enumerate(phones)))

    assert shown(database_url, "phone, phone_is_mobile") == [
        *[(phone, True) for phone in phones[:2]],
        *[(phone, False) for phone in phones[2:5]],
        (None, None),
    ]


def test_crawls_are_accepted_unless_somebody_says_otherwise(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        accepted = connection.execute(
            "INSERT INTO refillspot.crawls (id, spider, arguments, started_at) VALUES ('one', 'tiny', '{}', now())"
            " RETURNING accepted"
        ).fetchone()

    assert accepted == (True,)
