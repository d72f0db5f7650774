"""JSON answers, all under the same content type."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

JSON_HEADERS = {"Content-Type": "application/json; charset=utf-8"}


def write_json(value: Any, status: int = 200) -> web.Response:
    return web.Response(status=status, body=msgspec.json.encode(value), headers=JSON_HEADERS)
