"""The forms that a review is printed in."""

from __future__ import annotations

import json
from enum import Enum, auto
from typing import TYPE_CHECKING

from refillspot.readable import say
from refillspot.review.crawl_table import crawl_markdown, crawl_table
from refillspot.review.markdown import write_markdown
from refillspot.review.text import print_review
from refillspot.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refillspot.review.review import Review


class Form(Enum):
    TEXT = auto()
    """Five lines where nothing went wrong."""
    FIGURES = auto()
    """The same, with all figures."""
    MARKDOWN = auto()
    JSON = auto()


def print_one(review: Review, form: Form) -> None:
    if form is Form.JSON:
        say(json.dumps(review.as_json(), ensure_ascii=False))
    elif form is Form.MARKDOWN:
        say(write_markdown(review))
    else:
        print_review(Terminal(), review, with_figures=form is Form.FIGURES)


def print_all(reviews: Sequence[Review], form: Form) -> None:
    if form is Form.JSON:
        say(json.dumps([review.as_json() for review in reviews], ensure_ascii=False))
    elif form is Form.MARKDOWN:
        say(crawl_markdown(reviews))
    else:
        Terminal().print(crawl_table(reviews))
