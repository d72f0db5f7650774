from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from refillspot.doctor.site import Hosts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from refillspot.doctor import Check
    from refillspot.doctor.checkup import Questions
    from refillspot.sandbox.replica import SyntheticSite

    CheckUp = Callable[..., list[Check]]

LIST, STORE = "/API/isearch/", "/API/profile/"


def kinds(site: SyntheticSite) -> list[str]:
    return [entry["kind"] for entry in site.log()]


def test_a_site_as_it_is_known(check_up: CheckUp, site: SyntheticSite) -> None:
    found = check_up()

    assert {one.state for one in found} <= {"ok", "note"}
    assert kinds(site) == ["robots", "list", "store"]
    assert {entry["user_agent"] for entry in site.log()} == {"refillspot/test"}


def test_both_hosts_are_asked_for_their_rules(check_up: CheckUp, site: SyntheticSite) -> None:
    check_up(hosts=Hosts(site.url, site.url.replace("127.0.0.1", "localhost"), "refillspot"))

    assert kinds(site) == ["robots", "robots", "list", "store"]


def test_offline_asks_the_site_nothing(check_up: CheckUp, site: SyntheticSite) -> None:
    check_up(is_offline=True)

    assert kinds(site) == []


@pytest.mark.parametrize(
    ("fault", "area", "words"),
    [
        ({"kind": "status", "status": 503, "path": "/robots.txt"}, "robots", "HTTP 503): until it can"),
        ({"kind": "html", "path": "/robots.txt"}, "robots", "a page for humans"),
        ({"kind": "status", "status": 503, "path": LIST}, "site", f"{LIST} answers HTTP 503"),
        ({"kind": "status", "status": 404, "path": LIST}, "site", f"{LIST} answers HTTP 404"),
        ({"kind": "status", "status": 429, "path": STORE}, "site", f"{STORE} answers HTTP 429"),
        ({"kind": "verification", "status": 200, "path": LIST}, "site", "a verification page under HTTP 200"),
        ({"kind": "html", "path": STORE}, "site", "a page for humans"),
        ({"kind": "reset", "path": LIST}, "site", "does not answer"),
        ({"kind": "truncated", "path": STORE}, "site", "not whole JSON"),
        ({"kind": "wrong_json", "body": "[]", "path": LIST}, "layout", "the list cannot be read"),
        ({"kind": "result_code", "code": "001", "path": LIST}, "site", "result_code '001'"),
        ({"kind": "layout", "change": "renamed", "key": "v_rid", "path": LIST}, "layout", "v_rid"),
        ({"kind": "layout", "change": "missing", "key": "restaurant", "path": STORE}, "layout", "restaurant"),
        ({"kind": "layout", "change": "retyped", "key": "rn", "path": STORE}, "layout", "restaurant.rn: object"),
        ({"kind": "misencoded"}, "list", "no row of the list is in the requested district"),
    ],
)
def test_what_is_wrong_with_the_site_is_named(
    check_up: CheckUp, site: SyntheticSite, fault: dict[str, Any], area: str, words: str
) -> None:
    site.spoil(fault)

    problems = [one for one in check_up() if one.state == "problem"]

    assert any(one.area == area and words in one.what for one in problems), problems


def test_an_odd_part_is_a_warning_that_names_it(check_up: CheckUp, site: SyntheticSite) -> None:
    site.spoil({"kind": "layout", "change": "retyped", "key": "addr", "path": LIST})
    site.spoil({"kind": "layout", "change": "retyped", "key": "address", "path": STORE})

    warnings = {one.area: one.what for one in check_up() if one.state == "warning"}

    assert "list[].addr: object where text was due" in warnings["list"]
    assert "detail.address: object where text was due" in warnings["store"]


def test_sections_that_come_and_go_are_named(check_up: CheckUp, site: SyntheticSite) -> None:
    site.spoil({"kind": "layout", "change": "renamed", "key": "menu", "path": STORE})

    notes = [one.what for one in check_up() if (one.area, one.state) == ("store", "note")]

    assert any(note.startswith("new: ") and "menu" in note for note in notes)
    assert any(note.startswith("not in this answer: ") and "menu" in note for note in notes)


def test_an_address_without_a_scheme_is_told(check_up: CheckUp) -> None:
    found = check_up(hosts=Hosts("im.diningcode.com", "https://www.diningcode.com", "refillspot"))

    assert any(one.state == "problem" and "im.diningcode.com is not the address" in one.what for one in found)


def test_an_answer_that_comes_drop_by_drop_is_given_up(
    check_up: CheckUp, site: SyntheticSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("refillspot.doctor.visit.ANSWER_SECONDS", 0.5)
    site.spoil({"kind": "drip", "bytes_per_second": 200, "path": LIST})

    assert any(one.state == "problem" and "took longer than" in one.what for one in check_up())


def test_rules_that_are_not_known_allow_nothing(check_up: CheckUp, site: SyntheticSite) -> None:
    site.spoil({"kind": "status", "status": 503, "path": "/robots.txt"})

    check_up()

    assert kinds(site) == ["robots"]


def test_a_block_stops_all_workers_and_the_next_check_up(check_up: CheckUp, site: SyntheticSite) -> None:
    site.spoil({"kind": "verification", "status": 200, "path": LIST})
    check_up()
    site.clear_log()

    (finding,) = [one for one in check_up() if one.area == "site"]

    assert finding.state == "warning"
    assert "nothing leaves" in finding.what
    assert kinds(site) == []


def test_what_the_rules_forbid_is_not_asked(check_up: CheckUp, questions: Questions) -> None:
    with forbidding() as (url, paths):
        found = check_up(hosts=replace(questions.hosts, api_url=url, web_url=url))

        assert paths == ["/robots.txt"]
    assert any(one.state == "problem" and "forbids it" in one.what for one in found)


def test_outside_the_hours_of_the_crawl_nothing_is_asked(check_up: CheckUp, site: SyntheticSite) -> None:
    shut = next(window for window in ("00:00-00:01", "12:00-12:01") if kinds_with(check_up, site, window) == [])

    (finding,) = [one for one in check_up(window=shut) if one.area == "site"]

    assert finding.state == "note"
    assert "CRAWL_WINDOW opens at" in finding.what


def test_an_unusable_window_is_a_problem(check_up: CheckUp) -> None:
    assert any(one.state == "problem" and "CRAWL_WINDOW=nights" in one.what for one in check_up(window="nights"))


def test_without_redis_there_is_no_pace_and_no_request(
    check_up: CheckUp, site: SyntheticSite, questions: Questions, free_port: int
) -> None:
    found = check_up(environ={**questions.environ, "REDIS_URL": f"redis://127.0.0.1:{free_port}/0"})

    assert kinds(site) == []
    assert any(one.area == "site" and "without Redis" in one.what for one in found)


def kinds_with(check_up: CheckUp, site: SyntheticSite, window: str) -> list[str]:
    site.clear_log()
    check_up(window=window)
    return kinds(site)


@contextmanager
def forbidding() -> Iterator[tuple[str, list[str]]]:
    """A site that wants no robots; the paths that it was asked for."""
    paths: list[str] = []

    class Rules(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"User-agent: *\nDisallow: /\n")

        do_POST = do_GET  # noqa: N815  # the name that http.server looks for

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Rules) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", paths
        finally:
            server.shutdown()
            thread.join()
