"""Downloader middlewares: between the engine and the site."""

from refillspot.middlewares.cache import RedisCacheMiddleware
from refillspot.middlewares.distress import DistressMiddleware
from refillspot.middlewares.politeness import PolitenessMiddleware
from refillspot.middlewares.retry import RetryAfterMiddleware
from refillspot.middlewares.robots import RobotsMiddleware
from refillspot.middlewares.user_agent import UserAgentMiddleware

__all__ = [
    "DistressMiddleware",
    "PolitenessMiddleware",
    "RedisCacheMiddleware",
    "RetryAfterMiddleware",
    "RobotsMiddleware",
    "UserAgentMiddleware",
]
