"""A day without a crawl, as doctor finds it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psycopg

from refillspot.doctor.servers import examine_schedule
from refillspot.postgres.crawl_days import read_crawl_days
from tests.crawl.test_notify import own_webhook

if TYPE_CHECKING:
    from tests.doctor.conftest import CheckUp
    from tests.own_webhook import OwnWebhook
    from tests.programs import Launcher

__all__ = ["own_webhook"]

DONE = """
    INSERT INTO refillspot.crawls (id, spider, arguments, state, started_at, ended_at)
    SELECT 'day' || n || '{0}', 'diningcode', '{{"limit": {0}}}', '{1}', now() - n * interval '1 day' - interval '20 h',
        now() - n * interval '1 day' - interval '19 h'
    FROM generate_series({2}, {3}) AS n
"""
OLD_TABLES = "UPDATE refillspot.migrations SET applied_at = now() - interval '37 h'"


def change(database_url: str, statement: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(statement.encode())


def test_a_crawl_is_missed_where_one_was_expected(database_url: str) -> None:
    def found(every_hours: float | None = None) -> list[tuple[str, str]]:
        days = read_crawl_days(database_url)
        assert days
        return [(one.state, one.what) for one in examine_schedule(days, every_hours, datetime.now(UTC))]

    late = "no crawl was completed for 43 h; one is expected every 24 h"
    assert found() == []
    assert found(24)[0][0] == "ok"  # the tables are new
    change(database_url, OLD_TABLES)
    assert found(24) == [("problem", "no crawl was completed for 37 h; one is expected every 24 h")]
    change(database_url, DONE.format("20", "complete", 0, 0))
    assert found(24)[0][0] == "problem"  # that was a trial
    change(database_url, DONE.format("null", "complete", 1, 4))
    assert found() == []  # four days are no habit
    assert found(24) == [("problem", late)]
    change(database_url, DONE.format("null", "complete", 5, 5))
    assert found() == [("warning", late)]
    assert found(0) == []
    assert found(48) == [("ok", "a crawl was completed 43 h ago")]
    change(database_url, DONE.format("null", "running", 0, 0))
    assert found(24) == [("problem", late)]
    change(database_url, "UPDATE refillspot.crawls SET state = 'complete'")
    assert found(24) == [("ok", "a crawl was completed 19 h ago")]


def test_doctor_says_so_with_what_to_do(check_up: CheckUp, database_url: str) -> None:
    change(database_url, DONE.format("null", "complete", 1, 5) + ";" + DONE.format("null", "running", 0, 0))

    (told,) = [one for one in check_up(is_offline=True) if one.area == "schedule"]

    assert told.state == "warning"
    assert told.remedy.startswith("Crawl day0null is not complete")
    change(database_url, "UPDATE refillspot.crawls SET accepted = false, state = 'abandoned' WHERE id = 'day0null'")
    days = read_crawl_days(database_url)
    assert days
    (told,) = examine_schedule(days, None, datetime.now(UTC))
    assert "`scrapy gate show`" in told.remedy


def test_a_webhook_hears_of_it_and_the_exit_code_tells_it(
    launcher: Launcher, environment: dict[str, str], database_url: str, own_webhook: OwnWebhook
) -> None:
    change(database_url, OLD_TABLES)
    environment |= {"NOTIFY_URL": own_webhook.url}
    look = ("scrapy", "doctor", "--offline", "--notify", "-s", "SCHEDULE_EVERY_HOURS=24")

    done = launcher.run(*look, environment=environment)

    assert done.returncode == 1
    (told,) = own_webhook.told
    (late,) = [one["what"] for one in told["findings"] if one["area"] == "schedule"]
    assert "no crawl was completed for 37 h" in late
