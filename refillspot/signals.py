"""Scrapy signals of this project."""

from __future__ import annotations

concurrency_changed = object()
"""A worker may have another number of requests under way from now on; sent with `level`."""

crawl_event = object()
"""Something that the operator of a crawl wants to hear of, sent by one worker for all.

Sent with `event` ("finished", "dead_letters", "blocked", …) and `facts` (a mapping of JSON values); may be waited for.
"""

crawl_joined = object()
"""This worker takes part in a crawl from now on.

Sent with `answered`, how many requests of it were, before, and `session`, its `CrawlSession`.
"""

queue_rolled_back = object()
"""Redis came back older than this worker remembers: what the worker had put into the queue may have to go in again."""

stats_asked = object()
"""The stats are about to be read: whoever counts for itself puts its counts in now."""

list_read = object()
"""A list page was read, sent with `page` (a `ListPage`) and `response`."""

store_read = object()
"""A store page was read, sent with `page` (a `SitePage`) and `response`."""

request_failed = object()
"""A request failed for good, sent with `request` and `error`."""

pace_decided = object()
"""This worker has decided about the pace of all, or has heard of a decision of others; sent with `decision`."""
