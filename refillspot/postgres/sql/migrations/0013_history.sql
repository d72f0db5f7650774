-- What has changed of the stores, and how they were before a crawl that is still to be judged. Neither refers to another
-- table: a merge waits for nobody because of them.

CREATE TABLE refillspot.store_history (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site            text NOT NULL,
    ref             text NOT NULL,
    field           text NOT NULL,
    old             jsonb,
    new             jsonb,
    last_seen_old   timestamptz NOT NULL,
    first_seen_new  timestamptz NOT NULL,
    crawl           text,
    along           jsonb,
    CHECK (last_seen_old <= first_seen_new)
);

CREATE INDEX store_history_by_store ON refillspot.store_history (site, ref, first_seen_new);
CREATE INDEX store_history_by_time ON refillspot.store_history (first_seen_new);

COMMENT ON TABLE refillspot.store_history IS 'A row for each change of a store that a person would notice.';
COMMENT ON COLUMN refillspot.store_history.field IS
    'A column of stores, or menu:<name> for a line of the menu, a second line of that name menu:<name>#2.';
COMMENT ON COLUMN refillspot.store_history.old IS
    'Its value before, as JSON; of a line of the menu, the line. NULL: there was none.';
COMMENT ON COLUMN refillspot.store_history.last_seen_old IS 'The last look that showed the old value.';
COMMENT ON COLUMN refillspot.store_history.first_seen_new IS
    'The look that made the new value believed. The store changed between the two.';
COMMENT ON COLUMN refillspot.store_history.crawl IS 'Whose look that was. NULL: a page that was kept, read later.';
COMMENT ON COLUMN refillspot.store_history.along IS
    'The values before of columns that are worked out from this one, for stores_at.';

CREATE TABLE refillspot.store_before (
    crawl     text NOT NULL,
    site      text NOT NULL,
    ref       text NOT NULL,
    row       jsonb,
    saved_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (site, ref, crawl)
);

CREATE INDEX store_before_by_crawl ON refillspot.store_before (crawl);

COMMENT ON TABLE refillspot.store_before IS
    'Rows of stores as they were before the first write of a crawl that is not accepted yet.';
COMMENT ON COLUMN refillspot.store_before.row IS 'The whole row of stores. NULL: there was none.';

ALTER TABLE refillspot.stores ADD COLUMN unsaid jsonb;

COMMENT ON COLUMN refillspot.stores.unsaid IS
    'Values that the newest pages do not say: {column: {"since": when one last did, "pages": that had its place without it}}.';
