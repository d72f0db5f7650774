-- Whether a store is still there, with the reason. What was closed for good is gone.

ALTER TABLE refillspot.stores DROP CONSTRAINT stores_status_check;
UPDATE refillspot.stores SET status = 'gone' WHERE status = 'closed';
ALTER TABLE refillspot.stores
    ADD CONSTRAINT stores_status_check CHECK (status IN ('operating', 'missing', 'gone')),
    ADD COLUMN status_reason text,
    ADD COLUMN status_at timestamptz;

COMMENT ON COLUMN refillspot.stores.status IS 'operating; missing: searches do not find it any more; gone: for good.';
COMMENT ON COLUMN refillspot.stores.status_reason IS
    'not_found, no_such_store, reopened (operating again). NULL: it has never been anything but operating.';
COMMENT ON COLUMN refillspot.stores.status_at IS 'When that was found out.';

ALTER TABLE refillspot.query_yields ADD COLUMN awaited text[];

COMMENT ON COLUMN refillspot.query_yields.awaited IS
    'Searches without which `queries` are not all that there is to see. NULL: nobody has looked.';

CREATE TABLE refillspot.store_presence (
    site           text NOT NULL,
    ref            text NOT NULL,
    district_code  text,
    keywords       text[] NOT NULL DEFAULT '{}',
    missed         text[] NOT NULL DEFAULT '{}',
    seen_at        timestamptz,
    shown_by       text,
    denied_by      text,
    denied_at      timestamptz,
    PRIMARY KEY (site, ref)
);

COMMENT ON TABLE refillspot.store_presence IS 'By what stores are found, and which crawls have not found them since.';
COMMENT ON COLUMN refillspot.store_presence.district_code IS 'Where the searches found it.';
COMMENT ON COLUMN refillspot.store_presence.keywords IS 'Those that found it when they were asked last.';
COMMENT ON COLUMN refillspot.store_presence.missed IS 'Crawls that asked one of them again and did not find it, the oldest first.';
COMMENT ON COLUMN refillspot.store_presence.seen_at IS 'stores.last_seen_at when they missed it; another one there: it was seen since.';
COMMENT ON COLUMN refillspot.store_presence.shown_by IS 'The crawl that saw it in a search last, and did not want its page.';
COMMENT ON COLUMN refillspot.store_presence.denied_by IS 'The crawl to which its page said last that there is no such store.';

INSERT INTO refillspot.store_presence (site, ref, district_code, keywords)
SELECT y.site, one.ref, min(y.district_code), array_agg(DISTINCT y.keyword ORDER BY y.keyword)
FROM refillspot.query_yields AS y CROSS JOIN unnest(y.refs) AS one (ref)
JOIN refillspot.stores AS s ON (s.site, s.ref) = (y.site, one.ref)
WHERE s.refill_verdict <> 'unlikely'
GROUP BY 1, 2;
