"""Whether a crawl can be started here, and whether the site still is as it is known. Each finding with its remedy."""
