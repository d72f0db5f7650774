from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy.exceptions import UsageError

from refillspot.command import BaseCommand, add_site_option, usage, wrong_action
from refillspot.language import gettext as _
from refillspot.language import ngettext
from refillspot.readable import one_line, say, say_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from refillspot.postgres.corrections import Correction, CorrectionTable

ARGUMENTS = {"list": (0, 0), "undo": (1, 2), "hide": (1, 1), "forget": (1, 1), "add": (1, 100)}


class Command(BaseCommand):
    """`scrapy correct REF field=value …|list|undo|hide|add`: what people know better than the site."""

    def syntax(self) -> str:
        return (
            "[options] REF FIELD=VALUE … | list | undo REF [FIELD] | hide REF | forget REF | add FIELD=VALUE … | "
            "--judge"
        )

    def short_desc(self) -> str:
        return _("Put a store right, hide one, add one")

    def long_desc(self) -> str:
        return _(
            "What is corrected is what lists, files and maps show, as long as the site says what it says now; once it "
            "says something else, the correction is stale: list shows it first, and it no longer counts. FIELD= says "
            "that there is none. hide: never ask for a store, store or show it again. forget: that, and delete all "
            "that is kept of it, for good. undo: take back what was said of a store, or of one field of it."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        add_site_option(parser)
        parser.add_argument(
            "--judge", action="store_true", help=_("go through the stores that are only likely, by keys")
        )
        parser.add_argument("--yes", action="store_true", help=_("forget: do it; without, only say what it would be"))
        parser.add_argument("--note", metavar="TEXT", help=_("why, or who says so; list shows it"))

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        from refillspot.postgres.corrections import corrections

        if opts.judge and not args:
            self._judge(opts)
            return
        action, rest = (args[0], args[1:]) if args and args[0] in ARGUMENTS else ("correct", args)
        least, most = ARGUMENTS.get(action, (2, 100))
        if not least <= len(rest) <= most:
            told = _(
                "use one of: REF FIELD=VALUE …, list, undo REF [FIELD], hide REF, forget REF, add FIELD=VALUE …, "
                "--judge"
            )
            raise wrong_action(told, args[:1] if len(args) == 1 else [], ARGUMENTS)
        if action == "forget":
            self._forget(rest[0], opts)
            return
        with corrections(self.servers("postgres").database_url) as table:
            getattr(self, f"_{action}")(table, rest, opts)

    def _correct(self, table: CorrectionTable, args: list[str], opts: argparse.Namespace) -> None:
        from refillspot.correcting import read_fields

        with usage():
            store = table.find(args[0], opts.site)
            fields = read_fields(args[1:], store["region"])
            table.correct((store["site"], store["ref"]), fields, opts.note)
        if opts.json:
            say_json({"site": store["site"], "ref": store["ref"], "corrected": fields})
            return
        told = ngettext("{name}: {count} field is corrected.", "{name}: {count} fields are corrected.", len(fields))
        say(told.format(name=_name(store), count=len(fields)))

    def _list(self, table: CorrectionTable, _args: list[str], opts: argparse.Namespace) -> None:
        found = [one for one in table.read() if opts.site in {None, one.site}]
        if opts.json:
            say_json([as_json(one) for one in found])
        elif not found:
            say(_("Nothing is corrected yet: scrapy correct REF FIELD=VALUE"))
        for one in found if not opts.json else ():
            for line in written(one):
                say(one_line(line))

    def _undo(self, table: CorrectionTable, args: list[str], opts: argparse.Namespace) -> None:
        count = table.undo(args[0], opts.site, args[1] if len(args) == 2 else None)
        if opts.json:
            say_json({"ref": args[0], "undone": count})
            return
        if not count:
            raise UsageError(
                _("nothing like that is said of {ref}: see scrapy correct list").format(ref=args[0]), print_help=False
            )
        say(
            ngettext("{count} correction is taken back.", "{count} corrections are taken back.", count).format(
                count=count
            )
        )

    def _hide(self, table: CorrectionTable, args: list[str], opts: argparse.Namespace) -> None:
        with usage():
            store = table.find(args[0], opts.site)
        table.bar((store["site"], store["ref"]), opts.note)
        if opts.json:
            say_json({"site": store["site"], "ref": store["ref"], "hidden": True})
            return
        told = _("{name} is hidden: it is neither asked for nor shown. scrapy correct undo {ref} takes that back.")
        say(told.format(name=_name(store), ref=store["ref"]))

    def _judge(self, opts: argparse.Namespace) -> None:
        import sys

        from refillspot.listing.judging import judge
        from refillspot.postgres.outward import StoreFilter
        from refillspot.terminal import read_key

        if not (sys.stdin.isatty() and sys.stdout.isatty()) or opts.json:
            told = _(
                "--judge needs a terminal, for its keys. Without one: scrapy stores --verdict likely --json, then "
                "scrapy correct REF refill_verdict=confirmed"
            )
            raise UsageError(told, print_help=False)
        wanted = StoreFilter(site=opts.site, verdict="likely")
        done = judge(self.servers("postgres").database_url, wanted, self.clock.now(), read_key)
        told = _("{confirmed} all-you-can-eat, {unlikely} not, {left} still only likely.")
        say(told.format(confirmed=done.confirmed, unlikely=done.unlikely, left=done.left))

    def _forget(self, ref: str, opts: argparse.Namespace) -> None:
        from refillspot.operations.forgetting import forget
        from refillspot.postgres.corrections import corrections
        from refillspot.sites import find_site, site_names

        services = self.servers("postgres", "redis", "redis-cache")
        with corrections(services.database_url) as table, usage():
            store = table.find(ref, opts.site)
        if not opts.yes:
            told = _("{name} would be deleted for good, with its history: scrapy correct forget {ref} --yes")
            raise UsageError(told.format(name=_name(store), ref=store["ref"]), print_help=False)
        most = self.settings.getint("CACHE_MAX_VALUE_BYTES")
        key = store["site"], store["ref"]
        site = find_site(key[0]) if key[0] in site_names() else None
        counts = forget(services, self.key_prefix, key, site, most)
        if opts.json:
            say_json({"site": key[0], "ref": key[1], "deleted": counts})
            return
        told = _("{ref} is forgotten, and no crawl brings it back. Deleted: {counts}.")
        say(told.format(ref=key[1], counts=", ".join(f"{name} {count}" for name, count in counts.items())))
        say(
            _(
                "It is still in backups, exported files and logs of crawls that were made before; after restoring "
                "such a backup, forget it again."
            )
        )

    def _add(self, table: CorrectionTable, args: list[str], opts: argparse.Namespace) -> None:
        from refillspot.correcting import new_store

        with usage():
            columns = new_store(args, self.clock.now())
            table.add(columns)
        if opts.json:
            say_json({"site": columns["site"], "ref": columns["ref"]})
            return
        say(_("{name} is added: scrapy stores {ref} shows it.").format(name=_name(columns), ref=columns["ref"]))


def _name(store: dict[str, Any]) -> str:
    return one_line(" ".join(filter(None, (store["name"], store.get("branch")))))


def as_json(one: Correction) -> dict[str, Any]:
    import msgspec

    told: dict[str, Any] = msgspec.to_builtins(one)
    return told


def written(one: Correction) -> Iterable[str]:
    """Return the lines of a list: whose store, what was said, and whether it still counts."""
    from refillspot.clock import write_kst

    yield f"{one.ref}  {one.name or ''}  {write_kst(one.made_at)}"
    if one.value is None:
        yield "    " + {"hidden": _("hidden"), "forgotten": _("forgotten"), "added": _("added")}[one.field]
    else:
        new = one.value.get("hours_text") or one.value.get(one.field)
        yield f"    {one.field}: {_shown(one.based_on)} → {_shown(new)}"
    if one.is_stale:
        told = _("stale: the site says {said} now. Correct it again, or scrapy correct undo {ref} {field}")
        yield "    " + told.format(said=_shown(one.said), ref=one.ref, field=one.field)
    if one.note:
        yield f"    {one.note}"


def _shown(value: Any) -> str:
    import json

    if value is None or value == []:
        return _("nothing")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
