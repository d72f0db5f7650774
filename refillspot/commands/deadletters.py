from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy.exceptions import UsageError

from refillspot.command import BaseCommand, wrong_action
from refillspot.language import gettext as _
from refillspot.language import ngettext
from refillspot.readable import indented, one_line, say, say_json
from refillspot.retelling import retell

if TYPE_CHECKING:
    import argparse

    from refillspot.frontier.dead_letters import DeadLetter
    from refillspot.operations.dead_letters import CrawlDeadLetters

DIGITS = 18  # of the number of a dead letter; what is longer is none, and from 4300 on Python refuses to read it
REASON_CHARACTERS = 100  # in a list; `show` has all of it


class Command(BaseCommand):
    """`scrapy deadletters list|show|replay|drop`: the requests of a crawl that failed for good."""

    def syntax(self) -> str:
        return "[options] list | show N | replay N … | replay --all | drop N … | drop --all"

    def short_desc(self) -> str:
        return _("Requests that failed for good: inspect, retry or drop them")

    def long_desc(self) -> str:
        return _(
            "Those of the newest crawl that has any, or of another one with --crawl. Numbers are those that "
            "list prints."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--crawl", metavar="ID", help=_("of this crawl (see scrapy crawls list)"))
        parser.add_argument("--all", action="store_true", help=_("replay or drop all dead letters"))

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        actions = {"list": _list, "show": _show, "replay": _replay, "drop": _drop}
        if not args or args[0] not in actions:
            raise wrong_action(_("use one of: list, show N, replay N …, drop N …"), args, actions)
        if wrong := [arg for arg in args[1:] if not (arg.isdecimal() and len(arg) <= DIGITS)]:
            told = _("{wrong}: not the number of a dead letter, see scrapy deadletters list")
            raise UsageError(told.format(wrong=" ".join(wrong)), print_help=False)
        numbers = [int(arg) for arg in args[1:]]
        if (args[0] == "list") != (not numbers and not (opts.all and args[0] != "show")):
            told = _("name the dead letters by their numbers, or all with --all (list takes none)")
            raise UsageError(told, print_help=False)
        self._act(actions[args[0]], numbers, opts)

    def _act(self, action: Any, numbers: list[int], opts: argparse.Namespace) -> None:
        from refillspot.operations.dead_letters import CrawlDeadLetters

        services = self.servers("postgres", "redis")
        found = CrawlDeadLetters.find(services, self.key_prefix, opts.crawl)
        action(found, found.read(numbers), opts)


def _list(found: CrawlDeadLetters, letters: list[DeadLetter], opts: argparse.Namespace) -> None:
    if opts.json:
        say_json([letter.as_json() for letter in letters])
        return
    told = ngettext("crawl {id}: {count} dead letter", "crawl {id}: {count} dead letters", len(letters))
    say(told.format(id=found.crawl.id, count=len(letters)))
    for letter in letters:
        reason = one_line(retell(letter.why.reason).partition("\n")[0][:REASON_CHARACTERS])
        say(f"{letter.number or '?':>4}  {letter.at}  {one_line(letter.asked)}\n      {reason}")


def _show(found: CrawlDeadLetters, letters: list[DeadLetter], opts: argparse.Namespace) -> None:
    if opts.json:
        _list(found, letters, opts)
        return
    for letter in letters:
        say(
            _("dead letter {number} of crawl {id}, {at}\n{asked}\n{reason}").format(
                number=letter.number,
                id=found.crawl.id,
                at=letter.at,
                asked=one_line(letter.asked),
                reason=indented(retell(letter.why.reason)),
            )
        )
        for name, value in (letter.request or {}).items():
            say(f"  {name}: {one_line(str(value))}", whole=True)  # as it can be sent again
        say(indented(letter.why.traceback))


def _replay(found: CrawlDeadLetters, letters: list[DeadLetter], opts: argparse.Namespace) -> None:
    from refillspot.planning import spider_arguments, write_options

    crawl, count = found.crawl, found.replay(letters)
    if opts.json:
        say_json({"crawl": crawl.id, "replayed": count, "left": len(letters) - count})
        return
    told = ngettext(
        "{count} request is queued again in crawl {id}.", "{count} requests are queued again in crawl {id}.", count
    )
    say(told.format(count=count, id=crawl.id))
    if count < len(letters):
        say(
            _("{count} cannot be: the request is unknown, or not one of refillspot's.").format(
                count=len(letters) - count
            )
        )
    if count:
        given = write_options(spider_arguments(crawl.arguments))
        say(
            _("Continue with: scrapy crawl {spider} {given} -a crawl={id}").format(
                spider=crawl.spider, given=given, id=crawl.id
            )
        )


def _drop(found: CrawlDeadLetters, letters: list[DeadLetter], opts: argparse.Namespace) -> None:
    count = found.drop(letters)
    if opts.json:
        say_json({"crawl": found.crawl.id, "dropped": count})
        return
    say(ngettext("{count} dead letter was dropped.", "{count} dead letters were dropped.", count).format(count=count))
