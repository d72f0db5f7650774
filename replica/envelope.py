"""The JSON around every answer of the API."""

from __future__ import annotations

from typing import Any

import msgspec

SUCCESS = "100"
FAILURE = "001"


def success(result_data: Any) -> bytes:
    return msgspec.json.encode({"result_code": SUCCESS, "result_msg": "success", "result_data": result_data})


def failure(message: str) -> bytes:
    """Return an error as the site reports it: in the body, under HTTP 200."""
    return msgspec.json.encode({"result_code": FAILURE, "result_msg": message, "result_data": {}})
