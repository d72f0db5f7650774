"""Downloader middlewares, between the engine and the site, and a spider middleware, behind it."""

from refillspot.middlewares.allowed_parts import AllowedPartsMiddleware
from refillspot.middlewares.cache import RedisCacheMiddleware
from refillspot.middlewares.distress import DistressMiddleware
from refillspot.middlewares.fallback import FallbackMiddleware
from refillspot.middlewares.last_look import LastLookMiddleware
from refillspot.middlewares.network import NetworkMiddleware
from refillspot.middlewares.politeness import PolitenessMiddleware
from refillspot.middlewares.reading import ReadingMiddleware
from refillspot.middlewares.redirect import SiteRedirectMiddleware
from refillspot.middlewares.retry import RetryAfterMiddleware
from refillspot.middlewares.robots import RobotsMiddleware
from refillspot.middlewares.user_agent import UserAgentMiddleware

__all__ = [
    "AllowedPartsMiddleware",
    "DistressMiddleware",
    "FallbackMiddleware",
    "LastLookMiddleware",
    "NetworkMiddleware",
    "PolitenessMiddleware",
    "ReadingMiddleware",
    "RedisCacheMiddleware",
    "RetryAfterMiddleware",
    "RobotsMiddleware",
    "SiteRedirectMiddleware",
    "UserAgentMiddleware",
]
