"""A request as a mapping. `Request.to_dict()` looks through every member of the spider for the name of a callback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy import Request

from refillspot.exceptions import RefusedRequestError

if TYPE_CHECKING:
    from scrapy import Spider


def request_fields(request: Request, spider: Spider) -> dict[str, Any]:
    """Return what `request.to_dict(spider=spider)` does, and what `request_from_dict` reads.

    Raises:
        RefusedRequestError: a callback is no method of the spider, or the request is of a class of its own.
    """
    if type(request) is not Request:
        raise RefusedRequestError(f"a {type(request).__name__} cannot be queued: yield a scrapy.Request")
    fields = {name: getattr(request, name) for name in Request.attributes}
    fields["headers"] = dict(request.headers)
    for name in ("callback", "errback"):
        fields[name] = _method_name(fields[name], spider)
    return fields


def _method_name(method: Any, spider: Spider) -> str | None:
    if method is None:
        return None
    name = getattr(method, "__name__", None)
    if isinstance(name, str) and getattr(spider, name, None) == method:
        return name
    raise RefusedRequestError(f"{method} is no method of the spider {spider.name}, so its request cannot be queued")
