"""Stores as they leave the crawl and the table: feeds, and files for others."""
