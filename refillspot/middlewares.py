"""The way of a request through Scrapy, in the order of its settings: what stands where, and why there.

engine   BarredMiddleware        80  a store that somebody has hidden: nobody is asked
│        FallbackMiddleware      90  the API is down: the page for people is asked instead
│        RobotsMiddleware       100  not allowed, or not known to be: not asked
│        UserAgentMiddleware    500  who comes
│        RetryAfterMiddleware   550  asked again later, by the queue
│        RedisCacheMiddleware   560  a kept page ends the way here: the site is not burdened
│        AllowedPartsMiddleware 570  on the way back: visitors' words go no further
│        DistressMiddleware     580  on the way back: how the site is
│        SiteRedirectMiddleware 600  within the site only
│        PolitenessMiddleware   890  waits for a place in the budget of all workers
│        LastLookMiddleware     895  the API has gone down while it waited: back into the queue
▼        NetworkMiddleware      897  no host can be reached: everything waits
site
engine   SeedMiddleware          25  which requests of the spider are seeds
│        ReadingMiddleware      900  whether the answer could be read; if not, its page is asked for
▼
spider
"""

from refillspot.downloadermiddlewares.barred import BarredMiddleware
from refillspot.downloadermiddlewares.cache import AllowedPartsMiddleware, RedisCacheMiddleware
from refillspot.downloadermiddlewares.distress import DistressMiddleware
from refillspot.downloadermiddlewares.fallback import FallbackMiddleware, LastLookMiddleware
from refillspot.downloadermiddlewares.network import NetworkMiddleware
from refillspot.downloadermiddlewares.politeness import PolitenessMiddleware
from refillspot.downloadermiddlewares.redirect import SiteRedirectMiddleware
from refillspot.downloadermiddlewares.requeue import RetryAfterMiddleware
from refillspot.downloadermiddlewares.robots import RobotsMiddleware
from refillspot.downloadermiddlewares.user_agent import UserAgentMiddleware
from refillspot.spidermiddlewares import ReadingMiddleware, SeedMiddleware

__all__ = [
    "AllowedPartsMiddleware",
    "BarredMiddleware",
    "DistressMiddleware",
    "FallbackMiddleware",
    "LastLookMiddleware",
    "NetworkMiddleware",
    "PolitenessMiddleware",
    "ReadingMiddleware",
    "RedisCacheMiddleware",
    "RetryAfterMiddleware",
    "RobotsMiddleware",
    "SeedMiddleware",
    "SiteRedirectMiddleware",
    "UserAgentMiddleware",
]
