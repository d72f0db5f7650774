-- Crawls: what was asked for, by which processes share it, and how it ended.

CREATE TABLE refillspot.crawls (
    id          text PRIMARY KEY,
    spider      text NOT NULL,
    arguments   jsonb NOT NULL,
    state       text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'complete', 'abandoned')),
    stored      bigint NOT NULL DEFAULT 0,
    rejected    bigint NOT NULL DEFAULT 0,
    counts      jsonb,
    started_at  timestamptz NOT NULL,
    ended_at    timestamptz
);

CREATE INDEX crawls_unfinished ON refillspot.crawls (spider, started_at) WHERE state = 'running';

COMMENT ON COLUMN refillspot.crawls.stored IS 'Stores committed by all workers; one that was fetched twice counts twice.';
COMMENT ON COLUMN refillspot.crawls.counts IS 'Requests by what became of them, over all workers: queued, done, retried, dead …';
