"""The sites that can be crawled, each a room of its own: types and pure functions."""
