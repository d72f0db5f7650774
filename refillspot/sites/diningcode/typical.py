"""What queued requests have in common: the dictionary with which they are compressed. Invented, and fixed.

Entries are read with the dictionary that they were written with, so a change here needs a new VERSION in `codec`.
"""

from __future__ import annotations

from typing import Any

_HEADERS = {b"Content-Type": [b"application/x-www-form-urlencoded"]}

TYPICAL_REQUESTS: list[dict[str, Any]] = [
    {
        "url": "https://www.diningcode.com/profile.php?rid=",
        "callback": "parse_list",
        "errback": "handle_failure",
        "method": "POST",
        "headers": _HEADERS,
        "body": b"query=%EC%84%9C%EC%9A%B8+&order=r_score&from=0&size=100",
        "meta": {"cache_kind": "list", "depth": 1, "retry_times": 1},
        "cb_kwargs": {"query": {"place": "11", "keyword": "무한리필", "box": None}, "seen": []},
    },
    {
        "url": "https://im.diningcode.com/API/isearch/",
        "callback": "parse_store",
        "errback": "handle_failure",
        "method": "POST",
        "headers": _HEADERS,
        "body": b"v_rid=",
        "priority": 10,
        "meta": {"cache_kind": "store", "depth": 1},
        "cb_kwargs": {
            "row": {
                "v_rid": "",
                "nm": "무한리필 고기뷔페 갈비 초밥 샤브샤브",
                "branch": None,
                "addr": "서울특별시 강남구 역삼동 1",
                "road_addr": "서울특별시 강남구 테헤란로 1길 ",
                "phone": "02-0507-1",
                "category": "삼겹살, 삼겹살무한리필, 돼지갈비, 한식뷔페, 샐러드바",
                "lat": 37.5,
                "lng": 127.0,
                "score": 50,
                "user_score": 4.5,
                "review_cnt": 10,
                "open_status": "영업 중",
                "image": "https://d12zq4w4guyljn.cloudfront.net/noimage/1.jpg.webp",
                "image_list": None,
            }
        },
    },
    {"url": "https://im.diningcode.com/API/profile/"},
]
