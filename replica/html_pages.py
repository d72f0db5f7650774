"""The site's HTML: the frame of every page, and the list page with its rows inside a script. Own markup."""

from __future__ import annotations

from html import escape
from typing import Any

import msgspec

LIST_SIZE = 20
PAGE = """\
<!DOCTYPE html>
<html lang="ko">
<head><meta charset="utf-8"><title>{title}</title><meta name="generator" content="synthetic Diningcode">{head}</head>
<body><!-- Synthetic: invented data for tests -->
{body}
</body>
</html>
"""
MISSING = '<div class="no-result"><p>존재하지 않는 식당입니다.</p></div>'


def write_list_page(query: str, result_data: Any) -> str:
    """Return the page around an answer of the search, which becomes the script's `listData`."""
    script = f"<script>localStorage.setItem('listData', '{quote_for_script(result_data)}');</script>"
    return PAGE.format(title=escape(f"{query} 맛집"), head="", body=f'<div id="root"></div>\n{script}')


def quote_for_script(value: Any) -> str:
    r"""Return JSON as the inside of a string in single quotes: a JSON string's, with `'` written `\'`."""
    inside = write_script_json(write_script_json(value))[1:-1]
    return inside.replace("'", r"\'")


def write_missing_page() -> str:
    return PAGE.format(title="다이닝코드", head="", body=MISSING)


def write_script_json(value: Any) -> str:
    """Return JSON that no HTML parser takes for an end tag."""
    return msgspec.json.encode(value).decode().replace("<", r"\u003c")
