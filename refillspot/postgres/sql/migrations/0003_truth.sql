-- The terms of an offer, the few words that every category comes down to, and pages that could not be read.

ALTER TABLE refillspot.stores
    ADD COLUMN dong_confirmed  boolean,
    ADD COLUMN refill_terms    jsonb,
    ADD COLUMN cuisines        text[];

COMMENT ON COLUMN refillspot.stores.dong_confirmed IS 'Whether the point lies in the dong of the address.';
COMMENT ON COLUMN refillspot.stores.refill_terms IS 'Time limit, persons, fee for leftovers, drinks, as the menu states them.';
COMMENT ON COLUMN refillspot.stores.cuisines IS 'The categories in the published vocabulary of docs/fields.md.';

CREATE TABLE refillspot.unread_pages (
    ref      text PRIMARY KEY,
    row      jsonb NOT NULL,
    body     bytea NOT NULL,
    error    text NOT NULL,
    kept_at  timestamptz NOT NULL
);

CREATE INDEX unread_pages_by_age ON refillspot.unread_pages (kept_at);

COMMENT ON TABLE refillspot.unread_pages IS 'Store pages that no parser could read (zstd); `scrapy db reparse` tries them again.';
