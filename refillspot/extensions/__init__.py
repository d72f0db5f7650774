"""Scrapy extensions: what watches over a worker."""
