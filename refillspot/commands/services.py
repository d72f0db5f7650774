from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from refillspot.command import BaseCommand, wrong_action
from refillspot.language import gettext as _
from refillspot.readable import say, say_json

if TYPE_CHECKING:
    import argparse


class Command(BaseCommand):
    """`scrapy services up|down|status`: PostgreSQL and Redis, embedded where the environment names none."""

    def syntax(self) -> str:
        return "[options] up|down|status"

    def short_desc(self) -> str:
        return _("Start, stop or show PostgreSQL and Redis")

    def long_desc(self) -> str:
        return _(
            "up: check the servers named in the environment or .env, start embedded ones for those not named. "
            "down: stop the embedded ones. status: show what runs where."
        )

    def json_help(self) -> str:
        return _("print one line of JSON, with passwords")

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        actions = {"up": _up, "down": _down, "status": _status}
        if len(args) != 1 or args[0] not in actions:
            raise wrong_action(_("use one of: up, down, status"), args, actions)
        actions[args[0]](self.environ, as_json=opts.json)


def _up(environ: dict[str, str], *, as_json: bool) -> None:
    from refillspot.services import mask_password, resolve

    addresses = asdict(resolve(environ))
    if as_json:
        say_json(addresses)
        return
    for name, url in addresses.items():
        say(f"{name}: {mask_password(url)}")


def _down(environ: dict[str, str], *, as_json: bool) -> None:
    from refillspot.services import embedded, read_environment

    home = read_environment(environ).home
    embedded.down(home)
    if as_json:
        say_json(embedded.status(home))
        return
    say(_("The embedded servers of {home} are stopped.").format(home=home))


def _status(environ: dict[str, str], *, as_json: bool) -> None:
    from rich.cells import set_cell_size

    from refillspot.services import mask_password, status

    found = status(environ)
    if as_json:
        say_json([asdict(service) for service in found])
        return
    for service in found:
        kind = set_cell_size(_("embedded") if service.embedded else _("configured"), 11)
        state = set_cell_size(_("up") if service.up else _("down"), 5)
        say(f"{service.name:<12} {kind} {state} {mask_password(service.address)}")
        if service.problem:
            say(f"  {service.problem}")
