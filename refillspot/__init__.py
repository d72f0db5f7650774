"""refillspot: every all-you-can-eat (무한리필) restaurant of a city, true, complete and fresh, in PostgreSQL."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036  # pip installs without asking; say it before a module fails to import
    raise SystemExit(f"refillspot needs Python 3.11 or later, this is {sys.version.split()[0]}")
