from __future__ import annotations

import json
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

if TYPE_CHECKING:
    from tests.replica.conftest import Replica

ADDRESS, KEYWORD = "address", "keyword"
KEY = "0123456789abcdef0123456789abcdef"


class Kakao:
    def __init__(self, replica: Replica) -> None:
        self.replica = replica
        self.connection = HTTPConnection(urlsplit(replica.url).netloc)

    def ask(self, search: str, authorization: str | None = f"KakaoAK {KEY}", **query: object) -> tuple[int, Any]:
        headers = {"Authorization": authorization} if authorization is not None else {}
        return self.send("GET", f"/v2/local/search/{search}.json?{urlencode(query)}", None, headers)

    def documents(self, search: str, query: str, **options: Any) -> list[dict[str, Any]]:
        status, answer = self.ask(search, query=query, **options)
        assert status == 200, answer
        found: list[dict[str, Any]] = answer["documents"]
        return found

    def control(self, **fields: object) -> tuple[int, Any]:
        return self.send("POST", "/_kakao", json.dumps(fields), {})

    def send(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> tuple[int, Any]:
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())
