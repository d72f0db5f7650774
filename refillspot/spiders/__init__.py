"""Spiders: which requests, which callback."""
