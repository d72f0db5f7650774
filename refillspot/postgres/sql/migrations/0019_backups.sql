-- Which backups were made, or failed, whoever made them and wherever they are: what doctor and metrics tell of them.

CREATE TABLE refillspot.backups (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    began_at  timestamptz NOT NULL,
    ended_at  timestamptz NOT NULL DEFAULT now(),
    host      text NOT NULL,
    file      text NOT NULL,
    bytes     bigint,
    error     text
);

COMMENT ON TABLE refillspot.backups IS 'A row for each `scrapy db backup`; what it wrote is not looked for here.';
COMMENT ON COLUMN refillspot.backups.error IS 'Why there is no file. NULL: there is one.';

-- A crawl writes every store again, nearly all of them in place (HOT), and clears away what that leaves by itself; so a
-- fifth of all rows, the default, is seldom dead at once. Of the few that have changed the entries in the indexes, GIN's
-- waiting list among them, stay until a vacuum.
ALTER TABLE refillspot.stores SET (autovacuum_vacuum_scale_factor = 0.05);

-- It only grows, and is asked for its last days: a tenth of it, the default, would be years of changes of which the
-- planner knows nothing.
ALTER TABLE refillspot.store_history
    SET (autovacuum_analyze_scale_factor = 0.01, autovacuum_vacuum_insert_scale_factor = 0.02);
