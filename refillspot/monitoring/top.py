"""`scrapy top` on a terminal: looks at a crawl each second, until it has ended or the person has seen enough."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from rich.live import Live

from refillspot.monitoring.top_view import TopView

if TYPE_CHECKING:
    from rich.console import Console

    from refillspot.monitoring.figures import Figures, FiguresOfCrawl
    from refillspot.monitoring.snapshot import CrawlReader

LOOK_SECONDS = 1.0
OVER = {"complete", "abandoned"}


def watch(reader: CrawlReader, figures_of: FiguresOfCrawl, console: Console) -> None:
    """Show the crawl on the whole screen; leave the last figures behind on the one before."""
    figures: Figures | None = None
    with suppress(KeyboardInterrupt), Live(console=console, screen=True, auto_refresh=False) as live:
        while figures is None or figures.state not in OVER:
            began = time.monotonic()
            figures = figures_of.take(reader.read())
            live.update(TopView(figures, fits=True), refresh=True)
            time.sleep(max(0.0, LOOK_SECONDS - (time.monotonic() - began)))
    if figures:
        console.print(TopView(figures))
