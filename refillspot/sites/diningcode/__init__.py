"""Diningcode as types and pure functions: form bodies out, answers in, rows and store pages to `Store`."""
