"""A crawl that goes wrong without a word, from its end to the next healthy one: by the commands that a person types."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from refillspot.planning import KEYWORDS
from refillspot.policies.quality import WHOLE, Departure, Part
from refillspot.postgres.connection import run
from refillspot.postgres.query_yields import read_yields
from refillspot.postgres.worker_stats import save
from refillspot.sites.diningcode import NAME
from refillspot.stats.worker_stats import WorkerStats
from tests.own_webhook import OwnWebhook, serve
from tests.postgres.test_gate import TABLES, VIEWS, hashes

if TYPE_CHECKING:
    from tests.crawl.conftest import Crawl

SAME = ("-a", "district=금천구", "-a", "keywords=무한리필,뷔페")  # keywords that are given never rest
BLIND = ("-s", 'EXTENSIONS={"tests.crawl.misreading.Blind": 1, "refillspot.extensions.notify.Notify": 0}')


def stopped_on_the_way() -> WorkerStats:
    """Return what a worker has left that had stopped because a field had fallen silent."""
    menus = Departure("fields", "menu", WHOLE, Part(10, 200), 0.85, 2)
    now = datetime.now(UTC)
    return WorkerStats("earlier", now, now, now, {"gate/silent": msgspec.to_builtins(menus)})


def test_a_parser_that_goes_blind_is_held_and_all_is_put_back(crawl: Crawl, fleet: Crawl, database_url: str) -> None:
    for _ in range(2):
        assert crawl.run(*SAME).returncode == 0
    read_yields(database_url, NAME, [], KEYWORDS)  # else the next crawl is the first to judge what the last one found
    before, shown = hashes(database_url, *TABLES), hashes(database_url, *VIEWS)
    nothing = crawl.operate("gate", "show")
    assert (nothing.returncode, nothing.stdout) == (0, "No crawl is held.\n")

    with serve(OwnWebhook()) as webhook:
        fleet.environment["NOTIFY_URL"] = webhook.url
        held = fleet.run(*SAME, "-n", "2", "-a", "crawl=blind", *BLIND)
        del fleet.environment["NOTIFY_URL"]
    assert held.returncode == 4, held.stderr[-2000:]
    assert "Held with " in held.stderr
    assert "opening hours" in held.stderr
    (told,) = webhook.told
    assert (told["event"], told["crawl"], told["exit_code"]) == ("held", "blind", 4)
    assert told["sentence"] in held.stderr
    assert hashes(database_url, *VIEWS) == shown

    for start in (crawl, fleet):
        refused = start.run(*SAME)
        assert (refused.returncode, "Traceback" in refused.stderr) == (4, False)
        assert "crawl blind is held" in refused.stderr
    show = crawl.operate("gate", "show", "--json")
    (one,) = json.loads(show.stdout)
    parts = [departure["part"] for departure in told["departures"]]
    assert (show.returncode, one["id"], [departure["part"] for departure in one["departures"]]) == (4, "blind", parts)
    run(save(database_url, "blind", stopped_on_the_way()))
    shown_to_people = crawl.operate("gate", "show").stdout
    assert shown_to_people.count("opening hours") == len(parts)
    assert "On the way it stopped, as pages no longer said what they usually do: menus: 5 % of 200" in shown_to_people
    assert "scrapy db reparse --all" in shown_to_people

    rejected = crawl.operate("gate", "reject")
    assert rejected.returncode == 0, rejected.stderr
    assert hashes(database_url, *TABLES) == before
    assert hashes(database_url, *VIEWS) == shown
    healthy = crawl.run(*SAME)
    assert healthy.returncode == 0, healthy.stderr[-2000:]
    assert crawl.operate("gate", "accept").returncode == 1
    assert crawl.operate("gate", "show").returncode == 0
