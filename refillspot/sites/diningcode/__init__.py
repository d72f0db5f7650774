"""Diningcode as types and pure functions: form bodies out, answers in, rows and store pages to `Store`."""

from __future__ import annotations

NAME = "diningcode"
"""That of the spider, and what its rows in PostgreSQL are kept under."""
