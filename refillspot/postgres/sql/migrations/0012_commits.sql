-- What was committed is known from a row of the same transaction, and no row is written by two workers: one that is
-- suspended in its transaction, or whose connection leads nowhere, holds nobody up.

CREATE TABLE refillspot.crawl_commits (
    writer        text NOT NULL,
    batch         bigint NOT NULL,
    crawl         text,
    stored        integer NOT NULL DEFAULT 0,
    rejected      integer NOT NULL DEFAULT 0,
    committed_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (writer, batch)
);

CREATE INDEX crawl_commits_by_crawl ON refillspot.crawl_commits (crawl);

COMMENT ON TABLE refillspot.crawl_commits IS 'A row for each commit of a crawl, written in its transaction.';
COMMENT ON COLUMN refillspot.crawl_commits.writer IS 'The connection of one worker, as it calls itself.';
COMMENT ON COLUMN refillspot.crawl_commits.stored IS 'Stores of this commit; 0 once they are counted in crawls.stored.';
COMMENT ON COLUMN refillspot.crawls.stored IS
    'Stores committed by all workers; one that was fetched twice counts twice. While it runs see crawl_totals.';

CREATE VIEW refillspot.crawl_totals AS
SELECT
    c.id, c.spider, c.arguments, c.state, c.stored + coalesce(w.stored, 0) AS stored,
    c.rejected + coalesce(w.rejected, 0) AS rejected, c.counts, c.started_at, c.ended_at
FROM refillspot.crawls AS c
LEFT JOIN LATERAL (
    SELECT sum(stored) AS stored, sum(rejected) AS rejected FROM refillspot.crawl_commits WHERE crawl = c.id
) AS w ON true;

COMMENT ON VIEW refillspot.crawl_totals IS 'Crawls with what their workers have committed so far.';
