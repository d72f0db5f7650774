"""Measurements, each run as `python -m bench.<name>`. Nothing here is a test."""
