"""Scrapy signals of this project."""

from __future__ import annotations

concurrency_changed = object()
"""A worker may have another number of requests under way from now on; sent with `level`."""

crawl_event = object()
"""Something that the operator of a crawl wants to hear of, sent by one worker for all.

Sent with `event` ("finished", "dead_letters", …) and `facts` (a mapping of JSON values); may be waited for.
"""
