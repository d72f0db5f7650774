"""Where a redirect may lead: within the site, and a form to its own host only."""

from __future__ import annotations

import pytest
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.utils.misc import build_from_crawler, load_object
from scrapy.utils.project import get_project_settings
from scrapy.utils.test import get_crawler

from refillspot.downloadermiddlewares.redirect import RedirectRefusedError, SiteRedirectMiddleware

API, WEB = "https://im.diningcode.com", "https://www.diningcode.com"
SITE = {"SITE_ADDRESSES": [API, WEB], "REDIRECT_MAX_TIMES": 3}


def redirected(url: str, location: str | bytes, *, status: int = 302, method: str = "GET", times: int = 0) -> Request:
    middleware = build_from_crawler(SiteRedirectMiddleware, get_crawler(settings_dict=SITE))
    request = Request(url, method=method, body="v_rid=1" if method == "POST" else "", meta={"redirect_times": times})
    result = middleware.process_response(request, Response(url, status, headers={"Location": location}))
    assert isinstance(result, Request)
    return result


@pytest.mark.parametrize(
    ("url", "location", "to"),
    [
        (f"{API}/API/isearch/", "/API/v2/isearch/", f"{API}/API/v2/isearch/"),
        (f"{WEB}/robots.txt", f"{API}/robots.txt", f"{API}/robots.txt"),
        (f"{API}/robots.txt", "//www.diningcode.com/robots.txt", f"{WEB}/robots.txt"),
        (f"{API}/robots.txt", "https://WWW.diningcode.com:443/robots.txt", f"{WEB}:443/robots.txt"),
        (f"{API}/x", "https://im.diningcode.com\\@elsewhere.example/", f"{API}/@elsewhere.example/"),
    ],
)
def test_within_the_site_it_is_followed(url: str, location: str, to: str) -> None:
    assert redirected(url, location).url == to


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("location", "named"),
    [
        ("http://169.254.169.254/latest/meta-data/", "169.254.169.254"),
        ("http://127.0.0.1:6379/", "127.0.0.1:6379"),
        ("https://www.diningcode.com.example/", "diningcode.com.example"),
        ("//elsewhere.example/", "elsewhere.example"),
        ("http://im.diningcode.com/API/isearch/", "http://im.diningcode.com"),
        ("https://im.diningcode.com:8443/", "im.diningcode.com:8443"),
        ("https://me:secret@im.diningcode.com/", "@im.diningcode.com"),
        ("https://im.diningcode.com@elsewhere.example/", "elsewhere.example"),
        ("file:///etc/passwd", "file:///etc/passwd"),
        ("data:text/html,hello", "data:text/html,hello"),
        ("ftp://im.diningcode.com/", "ftp://im.diningcode.com/"),
        ("javascript:alert(1)", "javascript:alert"),
        ("http://[::1", "http://[::1"),
        ("https://im.diningcode.com:port/", ":port"),
        (b"https://im.diningcode.com:\xff/", "im.diningcode.com"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_elsewhere_it_is_not_and_the_error_says_where_it_led(
    method: str, location: str | bytes, named: str, status: int
) -> None:
    with pytest.raises(RedirectRefusedError) as refused:
        redirected(f"{API}/API/isearch/", location, status=status, method=method)

    assert f"HTTP {status} of {API}/API/isearch/ leads to" in str(refused.value)
    assert named in str(refused.value)


@pytest.mark.parametrize("status", [307, 308])
def test_a_form_is_posted_to_no_other_host_of_the_site_either(status: int) -> None:
    assert redirected(f"{API}/API/isearch/", f"{API}/API/2/", status=status, method="POST").body == b"v_rid=1"
    with pytest.raises(RedirectRefusedError, match="not to get the form"):
        redirected(f"{API}/API/isearch/", f"{WEB}/API/isearch/", status=status, method="POST")
    assert redirected(f"{API}/API/isearch/", f"{WEB}/", status=302, method="POST").body == b""


def test_a_loop_ends_and_says_where() -> None:
    with pytest.raises(RedirectRefusedError, match=r"/again': more than 3 redirects in a row"):
        redirected(f"{API}/again", "/again", times=3)


def test_a_long_address_is_told_in_short() -> None:
    with pytest.raises(RedirectRefusedError) as refused:
        redirected(f"{API}/", "https://elsewhere.example/" + "x" * 10_000)

    assert len(str(refused.value)) < 400


def test_other_answers_pass() -> None:
    middleware = build_from_crawler(SiteRedirectMiddleware, get_crawler(settings_dict=SITE))
    for response in (Response(API, 200, headers={"Location": "http://elsewhere"}), Response(API, 302)):
        assert middleware.process_response(Request(API), response) is response


def test_no_middleware_follows_what_a_page_says_of_itself() -> None:
    """<meta http-equiv=refresh>: Scrapy's MetaRefreshMiddleware, and its RedirectMiddleware."""
    settings = get_project_settings()
    there = {**settings["DOWNLOADER_MIDDLEWARES_BASE"], **settings["DOWNLOADER_MIDDLEWARES"]}
    kinds = [load_object(path) for path, place in there.items() if place is not None]

    assert [kind for kind in kinds if "Redirect" in kind.__name__ or "Refresh" in kind.__name__] == [
        SiteRedirectMiddleware
    ]
    assert issubclass(RedirectRefusedError, IgnoreRequest)
