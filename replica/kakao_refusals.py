"""How the Kakao stand-in refuses: each way by name, chosen by `POST /_kakao`."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

OK = "ok"
Body = dict[str, Any]
Count = Annotated[int, msgspec.Meta(ge=0)]


def _coded(code: int, text: str) -> Body:
    return {"code": code, "msg": text}


def _named(kind: str, text: str) -> Body:
    """Return the other form of an error: without a code, to be told by the status alone."""
    return {"errorType": kind, "message": text}


# name: HTTP status and body
REFUSALS: dict[str, tuple[int, Body]] = {
    "bad_key": (401, _coded(-401, "wrong appKey format")),
    "bad_key_named": (401, _named("AccessDeniedError", "wrong appKey format")),
    "not_activated": (403, _coded(-3, "disabled OPEN_MAP_AND_LOCAL service")),
    "not_activated_named": (403, _named("NotAuthorizedError", "disabled OPEN_MAP_AND_LOCAL service")),
    "quota_400": (400, _coded(-10, "API limit has been exceeded")),
    "quota_429": (429, _coded(-10, "API limit has been exceeded")),
    "quota_429_named": (429, _named("RequestThrottled", "API limit has been exceeded")),
    "internal": (400, _coded(-1, "internal error")),
    "internal_named": (500, _named("InternalError", "internal error")),
    "platform": (400, _coded(-7, "this service is under inspection")),
    "timeout": (400, _coded(-603, "timed out")),
    "maintenance": (503, _coded(-9798, "service is under maintenance")),
}


class Control(msgspec.Struct, forbid_unknown_fields=True):
    """What `POST /_kakao` sets; a field that is left out goes back to its default."""

    mode: str = OK
    """"ok" or a key of `REFUSALS`."""
    times: Count | None = None
    """For how many requests the mode holds before it is "ok" again; None = for good."""
    quota: Count | None = None
    """How many requests are still answered, both searches together; None = no limit."""
    quota_answer: str = "quota_400"
    """The refusal once the quota is used up."""

    def __post_init__(self) -> None:
        if not {self.mode, self.quota_answer} <= {OK, *REFUSALS}:
            raise ValueError(f"mode and quota_answer are one of: {', '.join((OK, *REFUSALS))}")

    def refuse(self, authorization: str) -> tuple[int, Body] | None:
        """Count one request and return how it is refused, None = it is answered."""
        scheme, _, key = authorization.partition(" ")
        if scheme != "KakaoAK" or not key.strip():
            return REFUSALS["bad_key"]
        if self.mode != OK and self.times != 0:
            self.times = None if self.times is None else self.times - 1
            return REFUSALS[self.mode]
        self.mode, self.times = OK, None
        if self.quota == 0:
            return REFUSALS[self.quota_answer]
        self.quota = None if self.quota is None else self.quota - 1
        return None
