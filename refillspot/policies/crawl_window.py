"""The hours of the day in which the site may be asked. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from refillspot.clock import KST
from refillspot.exceptions import ConfigurationError
from refillspot.language import gettext as _

WINDOW = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)-(?:(2[0-3]|[01]?\d):([0-5]\d)|(24):(00))")
DAY = timedelta(days=1)


@dataclass(slots=True, frozen=True)
class CrawlWindow:
    """From `begin` to `end`, since midnight in Korea; past midnight where the end is before the begin."""

    begin: timedelta
    end: timedelta

    @classmethod
    def parse(cls, text: str) -> CrawlWindow | None:
        """Read "01:00-06:00"; empty = always, None.

        Raises:
            ConfigurationError: it is no such pair of times.
        """
        text = text.strip()
        if not text:
            return None
        match = WINDOW.fullmatch(text)
        hours = [int(part) for part in match.groups() if part] if match else []
        if not match or hours[:2] == hours[2:]:
            raise ConfigurationError(
                _(
                    "CRAWL_WINDOW={text} is not a span of the day: use for example 01:00-06:00, or 22:00-04:00 past "
                    "midnight, in Korean time; leave it empty for the whole day"
                ).format(text=text)
            )
        return cls(timedelta(hours=hours[0], minutes=hours[1]), timedelta(hours=hours[2], minutes=hours[3]))

    def opens_at(self, now: datetime) -> datetime:
        """Return when the site may be asked: `now` inside the window, else its next begin, in Korean time."""
        now = now.astimezone(KST)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        time = now - midnight
        is_past_midnight = self.end <= self.begin
        is_open = time >= self.begin or time < self.end if is_past_midnight else self.begin <= time < self.end
        if is_open:
            return now
        return midnight + self.begin + (DAY if time >= self.begin else timedelta())

    def seconds_until_open(self, now: datetime) -> float:
        return (self.opens_at(now) - now.astimezone(UTC)).total_seconds()
