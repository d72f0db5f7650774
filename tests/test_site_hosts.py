from __future__ import annotations

import pytest

from refillspot.site_hosts import SiteHosts, host_of

SITE = SiteHosts(("https://im.diningcode.com", "https://www.diningcode.com"))


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://IM.diningcode.com/API/isearch/", "im.diningcode.com"),
        ("https://im.diningcode.com:443", "im.diningcode.com"),
        ("http://im.diningcode.com:443", "im.diningcode.com:443"),
        ("http://user:secret@127.0.0.1:8080/", "127.0.0.1:8080"),
        ("http://[::1]:8080", "[::1]:8080"),
        ("http://127.0.0.1:port", "127.0.0.1:port"),
    ],
)
def test_a_host_has_one_name(url: str, host: str) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8080", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:8080", True),
        ("http://localhost:8080", True),
        ("http://site.localhost", True),
        ("http://0.0.0.0:8080", False),
        ("http://192.168.0.2", False),
        ("http://localhost.example", False),
        ("https://im.diningcode.com", False),
        ("nowhere", False),
    ],
)
def test_what_is_on_this_machine(url: str, expected: bool) -> None:  # noqa: FBT001  # a table's value
    assert SiteHosts((url, "http://127.0.0.1")).is_on_loopback is expected


def test_only_the_sites_own_hosts_are_the_site() -> None:
    assert SITE.has("https://www.diningcode.com/profile.php?rid=1")
    assert SITE.has("https://elsewhere.example/", "https://im.diningcode.com/API/isearch/")
    assert not SITE.has("http://localhost:8998/robots.txt")
    assert not SITE.has("https://im.diningcode.com.example/")


def test_addresses_are_said_by_the_settings_or_by_those_that_they_name() -> None:
    named = {"SITE_ADDRESSES": ["API", "http://b.example"], "API": "http://a.example"}

    assert SiteHosts.of(named).urls == ("http://a.example", "http://b.example")
    assert SiteHosts.of({"SITE_ADDRESSES": "http://a.example,http://b.example"}).hosts == ("a.example", "b.example")
    assert SiteHosts.of({}).urls == ()
    assert not SiteHosts.of({}).is_on_loopback
