"""Scrapy signals of this project."""

from __future__ import annotations

crawl_event = object()
"""Something that the operator of a crawl wants to hear of, sent by one worker for all.

Sent with `event` ("finished", "dead_letters", …) and `facts` (a mapping of JSON values); may be waited for.
"""
