-- What each process of a crawl counted: the review of a crawl adds them up.

CREATE TABLE refillspot.crawl_workers (
    crawl       text NOT NULL REFERENCES refillspot.crawls (id) ON DELETE CASCADE,
    worker      text NOT NULL,
    started_at  timestamptz NOT NULL,
    seen_at     timestamptz NOT NULL,
    ended_at    timestamptz,
    stats       jsonb NOT NULL,
    PRIMARY KEY (crawl, worker)
);

COMMENT ON COLUMN refillspot.crawl_workers.ended_at IS 'NULL: it runs, or it was killed after seen_at.';
COMMENT ON COLUMN refillspot.crawl_workers.stats IS 'Its Scrapy stats, as of seen_at.';
