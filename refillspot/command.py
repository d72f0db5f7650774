"""What every command shares: `--json`, servers given with `-s`, errors as sentences, readers that leave early."""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from refillspot.exceptions import ArgumentError, ConfigurationError, CrawlIdError, HeldCrawlError, RefillspotError
from refillspot.interruption import end_at_once
from refillspot.language import did_you_mean
from refillspot.language import gettext as _
from refillspot.readable import give_up, indented, prepare_streams, say
from refillspot.redaction import scrub

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence

    from scrapy.settings import Settings

    from refillspot.clock import Clock
    from refillspot.postgres.outward import StoreFilter
    from refillspot.regions import Region
    from refillspot.services import ServiceAddresses
    from refillspot.sites.site import Site
    from refillspot.stats.crawl import CrawlScope

OPTION = re.compile(r"--?\D")  # -5 is a number


class HouseCommand:
    """What our commands share with Scrapy's own: their language, settings that are looked at, errors as sentences."""

    wrong_usage: ClassVar[type[RefillspotError]] = CrawlIdError  # these errors are the user's: 2
    exitcode: int
    settings: Settings  # Scrapy sets them before it calls anything
    _parser: argparse.ArgumentParser

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        from refillspot.help import speak

        super().add_options(parser)  # type: ignore[misc]  # that of a command of Scrapy
        speak(parser)
        self._parser = parser

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        look_at_options(opts)
        super().process_options(args, opts)  # type: ignore[misc]
        self.adjust(opts)
        look_at_settings(self.settings)

    def _refuse_options(self, args: list[str]) -> None:
        """Make sure that what was not read as an option is none.

        Raises:
            UsageError: the help of this command names no such option.
        """
        if options := [arg for arg in args if OPTION.match(arg)]:
            told = _("unknown option {options}: see scrapy {command} -h.")
            name = type(self).__module__.rpartition(".")[2]
            known = re.findall(r"(?<!\S)--[\w-]+", self._parser.format_help())
            near = did_you_mean(options[0].partition("=")[0], known)
            raise UsageError(told.format(options=" ".join(options), command=name) + near, print_help=False)

    def adjust(self, opts: argparse.Namespace) -> None:
        """Change settings or options, where the command needs others than a crawl."""

    @contextmanager
    def _errors_told(self) -> Iterator[None]:
        from refillspot.logs import scrub_logs

        scrub_logs()
        try:
            yield
            sys.stdout.flush()
        except OSError as error:
            give_up(error, sys.stdout)
            self.exitcode = 1
        except KeyboardInterrupt:
            end_at_once()
        except RefillspotError as error:
            if isinstance(error.__context__, KeyboardInterrupt):  # raised on the way out of it
                end_at_once()
            tell(error)
            is_usage = isinstance(error, (self.wrong_usage, ConfigurationError))
            self.exitcode = 4 if isinstance(error, HeldCrawlError) else 2 if is_usage else 1


class BaseCommand(HouseCommand, ScrapyCommand):
    """A command says in `act` what it does; heavy imports live in there: Scrapy imports all commands each time.

    0 done; 1 it could not be, or a command's own failure; 2 wrong usage, settings and `.env` included. A
    RefillspotError is told as one message without a traceback; any other error ends the program with one that is as
    harmless as a log.
    """

    requires_crawler_process = False
    default_settings: ClassVar[dict[str, Any]] = {"LOG_ENABLED": False}
    has_json: ClassVar[bool] = True
    settings: Settings

    def __init__(self) -> None:
        super().__init__()
        prepare_streams()  # Scrapy makes all commands first, whatever it then prints

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        if self.has_json:
            parser.add_argument("--json", action="store_true", help=self.json_help())

    def json_help(self) -> str:
        return _("print JSON")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        self._refuse_options(args)
        with self._errors_told():
            self.act(args, opts)

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        """Do what the command is for; may set `exitcode`.

        Raises:
            UsageError: the arguments are wrong.
            RefillspotError: it cannot be done.
        """
        raise NotImplementedError

    # --- what they ask for

    @property
    def environ(self) -> dict[str, str]:
        """The environment, with the addresses that were given with `-s`."""
        from refillspot.services import environ_with

        return environ_with(self.settings)

    def servers(self, *needed: str) -> ServiceAddresses:
        """Return the servers given with `-s`, in the environment or in `.env`, else the embedded ones.

        Those that are `needed` (postgres, redis, redis-cache) answer; the others may be down.

        Raises:
            ServiceUnavailableError, ConfigurationError: see `refillspot.services.resolve`.
        """
        from refillspot.services import resolve

        return resolve(self.environ, needed=needed)

    @property
    def key_prefix(self) -> str:
        return str(self.settings["REDIS_KEY_PREFIX"])

    @property
    def clock(self) -> Clock:
        from refillspot.clock import Clock

        return Clock.of(self.settings)


def look_at_options(opts: argparse.Namespace) -> None:
    """Look at options of every command before Scrapy does; where one cannot be used, the program ends with 2."""
    from refillspot.configuration import check_files, check_options

    with _wrong_settings_told():
        check_options(opts.set)
        check_files([("--logfile", opts.logfile), ("--pidfile", opts.pidfile), ("--profile", opts.profile)])
    parse_spider_arguments(opts)


def look_at_settings(settings: Settings) -> None:
    """Read all settings before Scrapy makes anything of them; where some cannot be used, the program ends with 2."""
    from refillspot.configuration import check_files, read_settings

    with _wrong_settings_told():
        read_settings(settings)
        if settings.getbool("LOG_ENABLED"):
            check_files([("LOG_FILE", settings["LOG_FILE"] or None)])


@contextmanager
def _wrong_settings_told() -> Iterator[None]:
    try:
        yield
    except ConfigurationError as error:
        tell(error)
        sys.exit(2)


def tell(error: RefillspotError) -> None:
    say(_("Error: {error}").format(error=indented(scrub(str(error)))), file=sys.stderr)


def add_spider_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-a", dest="spargs", action="append", default=[], metavar="NAME=VALUE",
                        help=_("set a spider argument, as for scrapy crawl (may be repeated)"))  # fmt: skip


def add_crawl_help(parser: argparse.ArgumentParser, examples: Sequence[str]) -> None:
    """Let the help end with the spider's arguments, examples, and the exit codes."""
    from refillspot.exit_status import MEANINGS
    from refillspot.help import add_table
    from refillspot.planning.arguments import ARGUMENTS

    add_table(parser, _("spider arguments"), {name: meaning() for name, meaning in ARGUMENTS.items()})
    parser.add_argument_group(_("examples"), "\n".join(examples))
    add_table(parser, _("exit codes"), {str(code): meaning() for code, meaning in MEANINGS.items()})


def parse_spider_arguments(opts: argparse.Namespace) -> dict[str, str]:
    given = [argument.partition("=") for argument in getattr(opts, "spargs", ())]
    if not all(name.strip() and equals for name, equals, _value in given):
        raise UsageError(_("use -a NAME=VALUE, for example -a district=강남구"), print_help=False)
    return {name: value for name, _equals, value in given}


def check_spider(name: str, known: Iterable[str]) -> None:
    """Make sure that there is a spider of this name; raises UsageError."""
    known = list(known)
    if name not in known:
        told = _("There is no spider {name}: see scrapy list.").format(name=name)
        raise UsageError(told + did_you_mean(name, known), print_help=False)


def wrong_action(told: str, args: Sequence[str], actions: Iterable[str]) -> UsageError:
    """Return what to raise where the first argument is none of a command's actions; `told` says which there are."""
    actions = list(actions)
    is_wrong = bool(args) and args[0] not in actions  # else what follows it is
    return UsageError(f"{told}.{did_you_mean(args[0], actions) if is_wrong else ''}", print_help=False)


def add_site_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--site", metavar="NAME", help=_("of this site"))


def add_scope_options(parser: argparse.ArgumentParser) -> None:
    add_site_option(parser)
    parser.add_argument("--region", metavar="CITY", help=_("of this city: 서울, 부산 …"))


def add_place_options(parser: argparse.ArgumentParser) -> None:
    add_scope_options(parser)
    parser.add_argument("--district", metavar="NAME", help=_("in this district: 강남구, several with commas"))


def add_filter_options(parser: argparse.ArgumentParser) -> None:
    """Add what chooses among stores; `store_filter` reads it."""
    add_place_options(parser)
    for option, metavar, told in (
        ("--cuisine", "KIND", _("of this kind: 고기, 해산물 …")),
        ("--max-price", "WON", _("for at most this much an adult: 20000")),
        ("--verdict", "VERDICT", _("confirmed or likely; both if not given")),
        ("--near", "LAT,LON", _("around this point: 37.4979,127.0276")),
        ("--radius", "KM", _("how far around it; 2 if not given")),
        ("--query", "TEXT", _("with this text in the name, a category or the menu")),
    ):
        parser.add_argument(option, metavar=metavar, help=told)


def store_filter(opts: argparse.Namespace) -> StoreFilter:
    """Return which stores the options mean; raises UsageError."""
    from refillspot.listing.asking import read_filter

    with usage():
        return read_filter(vars(opts))


def site_named(opts: argparse.Namespace) -> Site:
    """Return the site of `--site`; without it, the one that there is."""
    from refillspot.sites import DEFAULT, find_site

    with usage():
        return find_site(opts.site or DEFAULT)


def region_named(opts: argparse.Namespace) -> Region | None:
    from refillspot.regions import parse_region

    with usage():
        return parse_region(opts.region) if opts.region else None


def crawl_scope(opts: argparse.Namespace) -> CrawlScope:
    """Return what `--site` and `--region` name; without them, all."""
    from refillspot.stats.crawl import CrawlScope

    return CrawlScope(site_named(opts).name if opts.site else None, region_named(opts))


@contextmanager
def usage() -> Iterator[None]:
    """Let an ArgumentError be wrong usage."""
    try:
        yield
    except ArgumentError as error:
        raise UsageError(str(error), print_help=False) from error
