"""Several workers on one crawl: how many, started, watched, stopped."""
