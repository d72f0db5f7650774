from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, ClassVar

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from refillspot.commands._errors import told_on_stderr
from refillspot.commands._servers import environ
from refillspot.language import gettext as _
from refillspot.readable import say

if TYPE_CHECKING:
    import argparse

    from scrapy.settings import BaseSettings


class Command(ScrapyCommand):
    """`scrapy services up|down|status`: PostgreSQL and Redis, embedded where the environment names none."""

    requires_crawler_process = False
    default_settings: ClassVar[dict[str, Any]] = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        return "[options] up|down|status"

    def short_desc(self) -> str:
        return _("Start, stop or show PostgreSQL and Redis")

    def long_desc(self) -> str:
        return _(
            "up: check the servers named in the environment or .env, start embedded ones in place of the others. "
            "down: stop the embedded ones. status: say what runs where."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help=_("print one line of JSON, with passwords"))

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        actions = {"up": _up, "down": _down, "status": _status}
        if len(args) != 1 or args[0] not in actions:
            raise UsageError(_("say one of: up, down, status"))
        assert self.settings  # noqa: S101  # Scrapy made them
        with told_on_stderr(self):
            actions[args[0]](self.settings, as_json=opts.json)


def _up(settings: BaseSettings, *, as_json: bool) -> None:
    from refillspot.services import mask_password, resolve

    addresses = asdict(resolve(environ(settings)))
    if as_json:
        say(json.dumps(addresses, ensure_ascii=False))
        return
    for name, url in addresses.items():
        say(f"{name}: {mask_password(url)}")


def _down(settings: BaseSettings, *, as_json: bool) -> None:
    from refillspot.services import embedded, read_environment

    home = read_environment(environ(settings)).home
    embedded.down(home)
    say(
        json.dumps(embedded.status(home))
        if as_json
        else _("The embedded servers of {home} are stopped.").format(home=home)
    )


def _status(settings: BaseSettings, *, as_json: bool) -> None:
    from refillspot.services import mask_password, status

    found = status(environ(settings))
    if as_json:
        say(json.dumps([asdict(service) for service in found], ensure_ascii=False))
        return
    for service in found:
        kind, state = "embedded" if service.embedded else "configured", "up" if service.up else "down"
        say(f"{service.name:<12} {kind:<11} {state:<5} {mask_password(service.address)}")
        if service.problem:
            say(f"  {service.problem}")
