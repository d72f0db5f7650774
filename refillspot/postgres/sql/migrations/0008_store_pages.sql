-- The newest page of each store, as far as it may be kept, so that a better parser can read it again.

CREATE TABLE refillspot.store_pages (
    ref      text PRIMARY KEY,
    row      jsonb NOT NULL,
    body     bytea NOT NULL,
    digest   bigint NOT NULL,
    kept_at  timestamptz NOT NULL
);

ALTER TABLE refillspot.store_pages ALTER COLUMN body SET STORAGE EXTERNAL;

COMMENT ON TABLE refillspot.store_pages IS
    'The newest page of each store (zstd), without reviews and visitors; `scrapy db reparse --all` reads all of them again.';
COMMENT ON COLUMN refillspot.store_pages.row IS 'The list row that led to it.';
COMMENT ON COLUMN refillspot.store_pages.kept_at IS 'When a page that says this was first seen.';

ALTER TABLE refillspot.stores ADD COLUMN parser_version integer;
COMMENT ON COLUMN refillspot.stores.parser_version IS 'Of the parsers that read the row. NULL: older than version 2.';

-- A store whose page and list row name no address lies in no known district; it is a store all the same.
ALTER TABLE refillspot.stores ALTER COLUMN district_code DROP NOT NULL, ALTER COLUMN district DROP NOT NULL;
