"""What visitors write: the sections `review` and `blog`, and the cards of the pages for people.

Reviews are drawn once for the whole city, and each page samples them: a page of 60 kB costs no more than a list.
"""

from __future__ import annotations

from functools import cache
from html import escape
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from replica.people import BLOG_PHRASES, REVIEW_PHRASES, REVIEWERS
from replica.pictures import IMAGES
from replica.shapes import chance, write_count

if TYPE_CHECKING:
    from replica.store import Store

POOL = 509  # reviews, and as many blog posts; a prime, so that any step visits all of them
PAGE_REVIEWS = 20  # that a page shows of its reviews; the rest is behind `page=`
PAGE_BLOGS = 12
KEYWORDS = ("재방문", "조용한 자리", "빠른 응대", "넓은 주차장", "푸짐한 양", "아늑함")
ORDERED = ("대표 메뉴", "오늘의 메뉴", "세트 A", "세트 B")
CARD = """\
<div class="latter-graph"><div class="person-grade">
<p class="person"><img src="{photo}" alt=""><strong>{name}</strong>
<span class="stxt">평균 별점 {stars} · 리뷰 {written}</span></p>
<p class="grade"><span class="total_score">{stars}점</span><span class="date">{date}</span></p></div>
<div class="review_contents btxt">{text}</div>
<div class="review_photos">{images}</div><p class="tags">{keywords}</p></div>
"""
POST = """\
<li class="blog-item"><a href="{url}" rel="nofollow"><strong>{title}</strong>
<p>{text}</p><em>{name}</em></a></li>
"""


class Review(NamedTuple):
    number: int
    name: str
    photo: str
    stars: float
    date: str
    text: str
    images: tuple[str, ...]
    keywords: tuple[str, ...]
    ordered: tuple[str, ...]
    written: int
    """How many reviews this visitor has written."""


class Post(NamedTuple):
    number: int
    name: str
    title: str
    text: str
    url: str
    date: str


def write_reviews(store: Store, *, is_new: bool) -> dict[str, Any]:
    """Return section `review`."""
    total, pages = store.standing.review_count, -(-store.standing.review_count // PAGE_REVIEWS)
    return {
        "key": "review",
        "page": 1,
        "total_cnt": write_count(total, chance(store.key, 7), is_new=is_new),
        "total_page": write_count(pages, chance(store.key, 17), is_new=is_new),
        "list": _sample(_api_reviews(), min(total, PAGE_REVIEWS), store),
    }


def write_blogs(store: Store, *, is_new: bool) -> dict[str, Any]:
    """Return section `blog`."""
    total = store.standing.review_count * 7
    return {
        "key": "blog",
        "page": 1,
        "total_cnt": write_count(total, chance(store.key, 8), is_new=is_new),
        "list": _sample(_api_posts(), min(total, PAGE_BLOGS), store),
    }


def write_cards(store: Store) -> str:
    """Return the review cards and the blog posts of a page for people."""
    total = store.standing.review_count
    cards = "".join(_sample(_html_cards(), min(total, PAGE_REVIEWS), store))
    posts = "".join(_sample(_html_posts(), min(total * 7, PAGE_BLOGS), store))
    return f'<div id="div_review">{cards}</div>\n<ul class="blog-list">{posts}</ul>'


def describe_reviews(store: Store) -> list[Any]:
    """Return the first reviews as JSON-LD has them."""
    return _sample(_linked_reviews(), min(store.standing.review_count, 5), store)


def write_display_review(store: Store) -> dict[str, str]:
    """Return the review beside a row of a list, at times with tags."""
    review = pool()[store.seed % POOL]
    phrase = REVIEW_PHRASES[store.seed % len(REVIEW_PHRASES)]
    text = f"<em>{phrase}</em> <br>" if store.seed % 3 == 0 else phrase
    return {"user_nm": review.name, "review_cont": text}


def _sample(entries: tuple[Any, ...], count: int, store: Store) -> list[Any]:
    """Return so many entries, none twice, the same for the same store."""
    first, step = store.seed % POOL, 1 + store.seed // POOL % (POOL - 1)
    return [entries[(first + number * step) % POOL] for number in range(count)]


@cache
def pool() -> tuple[Review, ...]:
    rng = Random("reviews")  # noqa: S311  # invented data
    return tuple(_draw_review(number, rng) for number in range(POOL))


def _draw_review(number: int, rng: Random) -> Review:
    person = rng.randrange(len(REVIEWERS))
    photos = rng.choice((0, 1, 2, 3, 4))
    return Review(
        number=7_000_000 + number,
        name=REVIEWERS[person],
        photo=f"{IMAGES}/user/{person}.webp",
        stars=rng.choice((1, 2, 3, 3.5, 4, 4, 4.5, 4.5, 5, 5)),
        date=f"2026-{rng.randint(1, 6):02d}-{rng.randint(1, 28):02d} {rng.randint(10, 22)}:{rng.randint(10, 59)}:00",
        text=" ".join(rng.sample(REVIEW_PHRASES, rng.randint(2, 7))),
        images=tuple(f"{IMAGES}/review/{rng.getrandbits(64):016x}.webp" for _ in range(photos)),
        keywords=tuple(rng.sample(KEYWORDS, rng.randint(0, 3))),
        ordered=tuple(rng.sample(ORDERED, rng.randint(1, 2))),
        written=rng.randint(1, 400),
    )


@cache
def posts() -> tuple[Post, ...]:
    rng = Random("posts")  # noqa: S311  # invented data
    return tuple(
        Post(
            number=9_000_000 + number,
            name=rng.choice(REVIEWERS),
            title=rng.choice(BLOG_PHRASES),
            text=" ".join(rng.sample(REVIEW_PHRASES, 2)),
            url=f"https://blog.replica.invalid/{rng.getrandbits(40):010x}",
            date=f"2026-{rng.randint(1, 6):02d}-{rng.randint(1, 28):02d}",
        )
        for number in range(POOL)
    )


@cache
def _api_reviews() -> tuple[msgspec.Raw, ...]:
    return tuple(_raw(_write_review(review)) for review in pool())


def _write_review(review: Review) -> dict[str, Any]:
    info = {
        "rv_id": str(review.number),
        "review_dt": review.date,
        "review_total_score": f"{review.stars:.1f}",
        "review_cont": review.text,
        "review_img": [{"origin": url, "thumb": f"{url}?s=150"} for url in review.images],
        "review_keyword": list(review.keywords),
        "order_menu": list(review.ordered),
        "taste": "좋음", "service": "좋음", "price": "보통", "clean": "좋음",
        "like_cnt": review.number % 12, "comment_cnt": review.number % 3, "is_like": False, "is_mine": False,
    }  # fmt: skip
    user = {
        "user_id": f"u{review.number * 31 % 1_000_003}", "name": review.name, "photo": review.photo,
        "level": review.number % 9, "avg_score": f"{review.stars:.1f}", "review_cnt": review.written,
        "follower_cnt": review.written % 50, "is_follow": False,
    }  # fmt: skip
    return {"review_info": info, "user_info": user}


@cache
def _api_posts() -> tuple[msgspec.Raw, ...]:
    return tuple(
        _raw({
            "p_id": str(post.number), "title": post.title, "url": post.url, "contents": post.text, "name": post.name,
            "date": post.date, "img": f"{IMAGES}/blog/{post.number}.webp", "source": "blog",
        })
        for post in posts()
    )  # fmt: skip


@cache
def _linked_reviews() -> tuple[msgspec.Raw, ...]:
    return tuple(
        _raw({
            "@type": "Review", "author": {"@type": "Person", "name": review.name}, "datePublished": review.date[:10],
            "reviewBody": review.text,
            "reviewRating": {"@type": "Rating", "ratingValue": review.stars, "bestRating": 5},
        })
        for review in pool()
    )  # fmt: skip


@cache
def _html_cards() -> tuple[str, ...]:
    return tuple(
        CARD.format(
            photo=review.photo,
            name=escape(review.name),
            stars=f"{review.stars:.1f}",
            written=review.written,
            date=review.date[:10],
            text=escape(review.text),
            images="".join(f'<img src="{url}" loading="lazy" alt="">' for url in review.images),
            keywords="".join(f"<span>{escape(word)}</span>" for word in review.keywords),
        )
        for review in pool()
    )


@cache
def _html_posts() -> tuple[str, ...]:
    return tuple(
        POST.format(url=post.url, title=escape(post.title), text=escape(post.text), name=escape(post.name))
        for post in posts()
    )


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))
