-- By which road a store was last read: the API, or the pages for people, which say less.

ALTER TABLE refillspot.stores ADD COLUMN road text NOT NULL DEFAULT 'api' CHECK (road IN ('api', 'pages'));

COMMENT ON COLUMN refillspot.stores.road IS 'api, or pages: last read from the page for people, which says less.';
