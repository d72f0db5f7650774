"""First contact: the rules of both hosts, one list, one store; at most four requests."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from protego import Protego

from refillspot.doctor import Check, problem
from refillspot.doctor.judging import judge_list, judge_rules, judge_status, judge_store
from refillspot.exceptions import VisitError
from refillspot.language import gettext as _
from refillspot.planning import KEYWORDS
from refillspot.policies import politeness
from refillspot.policies.caching import ROBOTS_PATH
from refillspot.policies.first_contact import REMEDIES, Trouble
from refillspot.regions import SEOUL, districts
from refillspot.robots_text import rules_text
from refillspot.site_hosts import host_of
from refillspot.sites.site import FORM_HEADERS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from refillspot.doctor.shape_report import ShapeReport
    from refillspot.doctor.visit import Answer, Visitor
    from refillspot.shared.budget import RequestBudget
    from refillspot.sites.site import Examination, Form


@dataclass(slots=True, frozen=True)
class Hosts:
    """Where the site is, and by which name robots.txt knows this crawler."""

    api_url: str
    web_url: str
    robots_name: str


class FirstContact:
    """Asks nothing that the rules do not allow."""

    def __init__(
        self,
        hosts: Hosts,
        examination: Examination,
        visitor: Visitor,
        budget: RequestBudget | None,
        shapes: ShapeReport | None = None,
    ) -> None:
        self._hosts = hosts
        self._examination = examination
        self._shapes = shapes
        self._visitor = visitor
        self._budget = budget
        self._rules: dict[str, Protego] = {}

    async def examine(self) -> AsyncIterator[Check]:
        for url in (self._hosts.api_url, self._hosts.web_url):
            if not _is_address(url):
                what = _("{url} is not the address of a site").format(url=url)
                remedy = _(
                    "Set DININGCODE_API_URL and DININGCODE_WEB_URL with their scheme, like https://im.diningcode.com."
                )
                yield Check("settings", "problem", what, remedy)
                return
        for host in dict.fromkeys(map(_origin, (self._hosts.api_url, self._hosts.web_url))):
            yield await self._learn_rules(host)
        district = districts()[0]
        answer = await self._ask(self._examination.list_form(f"{SEOUL.short} {district.name} {KEYWORDS[0]}"))
        if isinstance(answer, Check):
            yield answer
            return
        if self._shapes:
            self._shapes.add_list(answer.body)
        checks, ref = judge_list(self._examination, answer.body, district.code)
        for check in checks:
            yield check
        if ref is None:
            return
        answer = await self._ask(self._examination.store_form(ref))
        if self._shapes and not isinstance(answer, Check):
            self._shapes.add_store(answer.body)
        for check in [answer] if isinstance(answer, Check) else judge_store(self._examination, answer.body):
            yield check

    async def _learn_rules(self, host: str) -> Check:
        try:
            answer = await self._visitor.ask(host + ROBOTS_PATH)
        except VisitError as error:
            return problem("robots", error)
        check, body = judge_rules(answer)
        if body is None:
            return check
        rules = self._rules[host] = Protego.parse(rules_text(body, self._hosts.robots_name))
        seconds = rules.crawl_delay(self._hosts.robots_name) or 0.0
        if self._budget:
            await self._budget.change(partial(politeness.delay, host=host_of(host), seconds=seconds))
        return check

    async def _ask(self, form: Form) -> Answer | Check:
        host, url = _origin(self._hosts.api_url), self._hosts.api_url.rstrip("/") + form.path
        if host not in self._rules:
            what = _("{url} was not asked: its host's rules are unknown").format(url=url)
            return Check("site", "problem", what, _("See the finding about robots.txt."))
        if not self._rules[host].can_fetch(url, self._hosts.robots_name):
            what = _("{url} was not asked: {host} forbids it").format(url=url, host=host + ROBOTS_PATH)
            return Check("robots", "problem", what, REMEDIES[Trouble.FORBIDDEN]())
        try:
            answer = await self._visitor.ask(url, form, FORM_HEADERS)
        except VisitError as error:
            return problem("site", error)
        return judge_status(answer) or answer


def _is_address(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
