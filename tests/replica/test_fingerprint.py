"""The same seed gives the same city, to the byte, from version to version: figures of old runs stay comparable."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from tests.replica.conftest import Start

SMALL = ("--seed", "11", "--refill-stores", "150", "--ordinary-stores", "350")
QUERIES = (
    "서울 강남구 무한리필",
    "서울 중구 뷔페",
    "강서구 삼겹살 무한리필",
    "홍대 고기뷔페",
    "신사동",
    "부산 중구 초밥",
)
FINGERPRINT = "fdd936f40e49d8bc2874d5d3ed08d49f15df73ed79261e81f783d27a46b1b4e7"


def test_seoul_is_the_same_city_to_the_byte(start_replica: Start) -> None:
    with start_replica(*SMALL) as replica:
        truth = replica.truth()
        said = [replica.send("GET", "/_truth")]
        for query in QUERIES:
            said += [replica.send("POST", "/API/isearch/", urlencode({"query": query, "size": 100}))]
            said += [replica.send("GET", f"/list.dc?query={quote(query)}")]
        for store in truth:
            said += [replica.send("POST", "/API/profile/", f"v_rid={store['ref']}")]
            said += [replica.send("GET", f"/profile.php?rid={store['ref']}")]
        replica.move(days=40)
        said += [replica.send("GET", "/_truth")]

    assert sha256(b"".join(said)).hexdigest() == FINGERPRINT
