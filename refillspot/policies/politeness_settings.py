"""How fast, and in which hours, the site may be asked, as the crawl's operator says. Pure.

What would burden it by a slip is refused.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from refillspot.clock import KST
from refillspot.exceptions import ArgumentError, ConfigurationError
from refillspot.language import gettext as _
from refillspot.site_hosts import SiteHosts

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "POLITENESS_REQUESTS_PER_SECOND"
FAST = 10.0  # requests/s; more than that of somebody else's site is a slip, or was agreed upon
FASTEST = 1000.0  # requests/s that a command sets; more than that is a slip of the hand in any case
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
                    "CRAWL_WINDOW={text} is not a time range: use, for example, 01:00-06:00, or 22:00-04:00 past "
                    "midnight, in Korean time; leave it empty for all day"
                ).format(text=text)
            )
        return cls(timedelta(hours=hours[0], minutes=hours[1]), timedelta(hours=hours[2], minutes=hours[3]))

    def __str__(self) -> str:
        """Return it as the setting has it."""
        return "-".join(f"{minutes // 60:02}:{minutes % 60:02}" for minutes in map(_minutes, (self.begin, self.end)))

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


def _minutes(time: timedelta) -> int:
    return int(time.total_seconds()) // 60


def allowed_pace(settings: Mapping[str, Any]) -> float:
    """Return POLITENESS_REQUESTS_PER_SECOND; 0 = no limit, for a site on loopback only.

    Raises:
        ArgumentError: it is no number, negative, or too much for a site of somebody else.
    """
    given, site = settings[NAME], SiteHosts.of(settings)
    pace = _number(given)
    if pace is None or pace < 0:
        raise ArgumentError(
            _("{name}={given} is not a number of requests per second: use, for example, 0.5").format(
                name=NAME, given=given
            )
        )
    if not pace and not site.is_on_loopback:
        raise ArgumentError(
            _("{name}=0 lifts every limit, for a replica on this machine only, and the site is {hosts}").format(
                name=NAME, hosts=", ".join(site.hosts)
            )
        )
    refuse_too_fast(pace, site, is_meant=_is_true(settings.get("POLITENESS_FAST_ALLOWED")))
    return pace


def most_believed(settings: Mapping[str, Any]) -> float:
    """Return up to how many requests a second a worker goes when Redis says that its operator allows them.

    Whoever can write to Redis could say so: what is no slip for this site by its settings.
    """
    is_free = SiteHosts.of(settings).is_on_loopback or _is_true(settings.get("POLITENESS_FAST_ALLOWED"))
    return max(allowed_pace(settings), FASTEST if is_free else FAST)


def live_pace(given: str) -> float:
    """Return the number of requests a second that a person gives while crawls are under way.

    Raises:
        ArgumentError: it is no number above 0.
    """
    pace = _number(given)
    if pace is None or not 0 < pace <= FASTEST:
        raise ArgumentError(
            _(
                "{wanted!r} is not a number of requests per second: use, for example, 0.5 (at most {fastest:g}); "
                "to stop asking altogether: scrapy pause"
            ).format(wanted=given, fastest=FASTEST)
        )
    return pace


def refuse_too_fast(pace: float, site: SiteHosts, *, is_meant: bool) -> None:
    """Let nobody ask another's site too fast who does not say that this is meant.

    Raises:
        ArgumentError: it is too fast, and not meant.
    """
    if pace > FAST and not is_meant and not site.is_on_loopback:
        raise ArgumentError(
            _(
                "{pace:g} requests per second are more than {fast:g}, and {hosts} is not on this machine: if its "
                "owner has agreed, set POLITENESS_FAST_ALLOWED=True, or use scrapy politeness set {pace:g} --yes"
            ).format(pace=pace, fast=FAST, hosts=", ".join(site.hosts))
        )


def _number(given: object) -> float | None:
    try:
        number = float(str(given))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _is_true(given: object) -> bool:
    return str(given).lower() in {"1", "true"}
