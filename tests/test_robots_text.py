"""robots.txt of any size says what it says, in time."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from protego import Protego

from refillspot.robots_text import LONGEST_RULES, rules_text

NAME = "refillspot"
PATHS = ("/", "/API/", "/API/profile/", "/profile.php")
LINES = st.one_of(
    st.sampled_from(["refillspot", "Refillspot/0.1", "refill", "spot", "*", "refill*", "googlebot", "-", "", "r"]).map(
        "User-agent: {}".format
    ),
    st.sampled_from(["useragent refillspot", "USER AGENT: *", "User-agent : refillspot # us", "# User-agent: x"]),
    st.sampled_from(PATHS).map("Disallow: {}".format),
    st.sampled_from(PATHS).map("Allow: {}".format),
    st.sampled_from(["Crawl-delay: 5", "Sitemap: /s", "", "nonsense"]),
)


@example(["User-agent: *", "Disallow: /", "User-agent: r"], "\n")
@example(["User-agent: r", "User-agent: *", "Disallow: /"], "\n")
@given(st.lists(LINES, max_size=12), st.sampled_from(["\n", "\r\n", "\x85", "\u2028"]))
def test_it_says_what_the_whole_says(lines: list[str], end: str) -> None:
    text = end.join(lines)
    whole, read = Protego.parse(text), Protego.parse(rules_text(text.encode(), NAME))

    assert [read.can_fetch(path, NAME) for path in PATHS] == [whole.can_fetch(path, NAME) for path in PATHS]
    assert read.crawl_delay(NAME) == whole.crawl_delay(NAME)


def test_of_100_mb_the_first_500_kb_are_read_and_no_half_line() -> None:
    body = b"User-agent: *\nDisallow: /API/\n" + b"Disallow: /x\n" * 8_000_000
    text = rules_text(body, NAME)

    assert LONGEST_RULES - 20 < len(text) <= LONGEST_RULES
    assert text.endswith("Disallow: /x")
    assert not Protego.parse(text).can_fetch("/API/isearch/", NAME)


@pytest.mark.parametrize("share", [1, 2])
def test_names_above_rules_are_not_names_times_rules(share: int) -> None:
    names = b"".join(b"User-agent: refillspo%d\n" % number for number in range(5_000 * share))
    rules = b"".join(b"Disallow: /%d\n" % number for number in range(5_000 * share))
    parsed = Protego.parse(rules_text(names + rules, NAME))

    assert len(parsed._user_agents) == 1


def test_a_mark_before_the_first_line_is_none_of_it() -> None:
    assert rules_text(b"\xef\xbb\xbfUser-agent: *", NAME) == "User-agent: *"
