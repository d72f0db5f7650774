"""Which shape a webhook's host understands, and what a chat makes of a text, as Slack and Discord publish it."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refillspot import webhook
from refillspot.webhook import Webhook, shape_of
from tests.own_webhook import OwnWebhook, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

FACTS = {"crawl": "this", "stored": 3}
SLACK = "https://hooks.slack.com/services/T0/B0/X"
DISCORD = "https://discord.com/api/webhooks/1/X"
TO_SLACK, TO_DISCORD, TO_OTHERS = {"text"}, {"content", "allowed_mentions", "flags"}, {"event", *FACTS}

TEXTS = st.builds(
    str.__mul__,
    st.text(st.sampled_from("\\*_~`|<>&#[]@가 \n"), max_size=20) | st.text(max_size=20),
    st.integers(1, 300),
)


@pytest.mark.parametrize(
    ("url", "keys"),
    [
        (SLACK, TO_SLACK),
        ("https://HOOKS.Slack.com./services/T0/B0/X", TO_SLACK),
        ("https://hooks.slack.com:443/triggers/T0/1/X?a=b", TO_SLACK),
        ("https://hooks.slack-gov.com/services/T0/B0/X", TO_SLACK),
        (DISCORD, TO_DISCORD),
        ("https://discordapp.com/api/webhooks/1/X?wait=true&thread_id=2", TO_DISCORD),
        ("https://canary.discord.com/api/v10/webhooks/1/X/", TO_DISCORD),
        (f"{DISCORD}/slack", TO_SLACK),
        (f"{DISCORD}/github", TO_OTHERS),
        ("https://discord.com/channels/1/2", TO_OTHERS),
        ("https://slack.com/services/T0/B0/X", TO_OTHERS),
        ("https://hooks.slack.com.example.org/services/T0/B0/X", TO_OTHERS),
        ("https://example.org/hooks.slack.com/services/T0", TO_OTHERS),
        ("https://discord.com.example.org/api/webhooks/1/X", TO_OTHERS),
        ("http://127.0.0.1:8065/hooks/x", TO_OTHERS),
    ],
)
def test_the_host_decides_on_the_shape(url: str, keys: set[str]) -> None:
    assert shape_of(url)("finished", FACTS, "sentence").keys() == keys


@given(TEXTS)
def test_slack_shows_the_text_and_takes_nothing_in_it_for_a_sign(text: str) -> None:
    """Only `&`, `<` and `>` are escaped; everything that Slack takes for a sign begins with `<`."""
    sent = shape_of(SLACK)("finished", FACTS, text)["text"]

    assert len(sent) <= 4000
    assert not re.search(r"[<>]|&(?!(amp|lt|gt);)", sent)
    assert is_beginning(html.unescape(re.sub(r"&(?!(amp|lt|gt);)", "&amp;", sent)), text)


@given(TEXTS)
def test_discord_shows_the_text_and_calls_nobody(text: str) -> None:
    """A backslash before anything that is no letter, digit or space takes its meaning; see Discord's own parser."""
    sent = shape_of(DISCORD)("finished", FACTS, text)

    assert len(sent["content"]) <= 2000
    assert is_beginning(re.sub(r"\\([^0-9A-Za-z\s])", r"\1", sent["content"]), text)
    assert not re.search(r"[*_~`|<>#\[\]]", re.sub(r"\\[^0-9A-Za-z\s]", "", sent["content"]))
    assert sent["allowed_mentions"] == {"parse": []}


def is_beginning(shown: str, text: str) -> bool:
    return shown == text or (shown.endswith("…") and text.startswith(shown[:-1]))


@pytest.fixture
def own_webhook() -> Iterator[OwnWebhook]:
    with serve(OwnWebhook()) as server:
        yield server


@pytest.mark.parametrize("asked", ["0", "-5", "soon", "", "Fri, 31 Jul 2026 00:00:00 GMT"])
async def test_whoever_is_told_too_often_is_told_once_more(
    asked: str, own_webhook: OwnWebhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "LEAST_WAIT", 0.01)
    own_webhook.refusals = [(429, {"Retry-After": asked})]

    assert await Webhook(own_webhook.url).post("finished", FACTS, "") == ""
    assert own_webhook.told == [{"event": "finished", **FACTS}] * 2

    own_webhook.refusals = [(429, {"Retry-After": asked})] * 2
    assert await Webhook(own_webhook.url).post("finished", FACTS, "") == "HTTP 429"
    assert own_webhook.refusals == []


@pytest.mark.parametrize("asked", ["10", "3600", "Fri, 31 Dec 2999 00:00:00 GMT"])
async def test_nobody_waits_for_longer_than_a_message_may_take(asked: str, own_webhook: OwnWebhook) -> None:
    own_webhook.refusals = [(429, {"Retry-After": asked})]

    assert await Webhook(own_webhook.url).post("finished", FACTS, "") == "HTTP 429"
    assert len(own_webhook.told) == 1


async def test_other_refusals_are_not_tried_again(own_webhook: OwnWebhook) -> None:
    own_webhook.refusals = [(503, {"Retry-After": "0"})]

    assert await Webhook(own_webhook.url).post("finished", FACTS, "") == "HTTP 503"
