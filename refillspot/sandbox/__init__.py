"""Where a crawl may be tried: a synthetic site, an empty database, keys of its own. No real data, no real site."""
