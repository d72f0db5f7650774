"""robots.txt as far as it has to be read: its first part, and of its groups the one that is about us. Pure."""

from __future__ import annotations

import re
from codecs import BOM_UTF8

LONGEST_RULES = 500 * 1024  # bytes; RFC 9309 lets a crawler stop there
USER_AGENT = re.compile(r"\s*user[- ]?agent(?=[\s:])[\s:]*([^#]*)", re.IGNORECASE)
TOKEN = re.compile(r"(?<![\w-])[\w-]")  # where a crawler's name may begin in a User-Agent
NOBODY = "User-agent: -"


def rules_text(body: bytes, name: str) -> str:
    """Return the rules for a crawler of this name, from any robots.txt, in a size that can be parsed.

    Groups keep their place, but all others have one name: thousands of names above thousands of rules would be millions
    of rules.
    """
    body = body.removeprefix(BOM_UTF8)  # else the first line is none that is known, nor are the rules below it
    if len(body) > LONGEST_RULES:
        body = body[:LONGEST_RULES].rpartition(b"\n")[0]  # half a line would be another rule
    lines = body.decode("utf-8", "replace").splitlines()
    agents = [_agent_of(line) for line in lines]
    starts = [name.lower()[found.start() :] for found in TOKEN.finditer(name)]
    of_us = [agent for agent in agents if agent and (agent == "*" or any(start.startswith(agent) for start in starts))]
    own = max(of_us, key=len, default="*")  # as Protego does: of two that are as long, "*" included, the first
    return "\n".join(line if agent in {None, own} else NOBODY for line, agent in zip(lines, agents, strict=True))


def _agent_of(line: str) -> str | None:
    """Return whom a line names, in lower case; None if it names nobody."""
    found = USER_AGENT.match(line)
    agent = found[1].strip().lower() if found else ""
    return agent.replace("*", "") or ("*" if agent else None)
