"""What can go wrong, named. Each message says what to do."""


class RefillspotError(Exception):
    """Base of every error that refillspot raises on purpose: `what` is wrong, and the `remedy`, where that is apart."""

    def __init__(self, what: str = "", remedy: str = "") -> None:
        super().__init__(f"{what} {remedy}" if remedy else what)
        self.what = what
        self.remedy = remedy


class ArgumentError(RefillspotError):
    """An argument of a command or a spider is wrong; the message lists what would be right."""


class CrawlIdError(ArgumentError):
    """That is no id which a crawl could have."""


class HeldCrawlError(RefillspotError):
    """A crawl is held by the quality gate, and none of the same districts begins before somebody has decided."""


class ConfigurationError(RefillspotError):
    """A setting, the environment or .env holds a value that cannot be used."""


class ServiceUnavailableError(RefillspotError):
    """PostgreSQL or Redis does not answer; the message names the server and says what to do."""


class UnsuitableServerError(RefillspotError):
    """PostgreSQL or Redis answers, but is too old, or set up so that a crawl cannot rely on it."""


class QueueElsewhereError(UnsuitableServerError):
    """Others work on the same crawl with a queue in another Redis."""


class VersionError(RefillspotError):
    """Another refillspot than this one has written what this one cannot go on with."""


class SchemaVersionError(VersionError):
    """The database was migrated by a newer refillspot than this one."""


class QueueFormatError(VersionError):
    """A queue was written by another refillspot, in a way that this one cannot read."""


class SiteError(RefillspotError):
    """The site answered, but not with what was asked for."""


class PassingError(SiteError):
    """The site did not answer the question, but may when it is asked again later."""


class ApiError(PassingError):
    """The API reported an error of its own: a `result_code` other than "100", under HTTP 200."""


class BlockedError(PassingError):
    """The site answered with a page for humans (verification, HTML) where JSON was due."""


class MalformedAnswerError(PassingError):
    """The answer is not whole JSON: cut off or garbled on the way."""


class UnknownStoreError(SiteError):
    """The site says that it has no such store. Asking again does not help."""


class BarredStoreError(RefillspotError):
    """Somebody has said that nobody is to be asked for this store."""


class LayoutChangedError(SiteError):
    """The answer is not in the shape that is known; the message names the path. Never guessed around."""


class VisitError(RefillspotError):
    """The site could not be asked, or did not answer at all."""


class MeasurementError(RefillspotError):
    """A measurement came to nothing; the message says why, and where the log is."""


class ExportError(RefillspotError):
    """A file for others could not be written; what was there under its name is as it was."""


class BackupError(RefillspotError):
    """A backup could not be written, or is none that can be restored; what was there before is as it was."""


class RefusedRequestError(RefillspotError):
    """A request that must not be queued, or an entry of the queue that this program did not write."""


class UnreadableValueError(RefillspotError):
    """A value in Redis is not what this program writes there."""


class IncompatibleEngineError(RefillspotError):
    """A private part of Scrapy that refillspot relies on is not there: the pinned version is not installed."""
