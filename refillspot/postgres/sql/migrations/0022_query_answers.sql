-- What the searches of a crawl were answered is its own until it has ended; then it takes the place of what was known.
-- serves: 17

CREATE TABLE refillspot.query_answers (
    crawl          text NOT NULL,
    site           text NOT NULL,
    district_code  text NOT NULL,
    keyword        text NOT NULL,
    asked_at       timestamptz NOT NULL,
    queries        text[] NOT NULL,
    total          integer NOT NULL,
    refs           text[] NOT NULL,
    awaited        text[] NOT NULL,
    PRIMARY KEY (crawl, site, district_code, keyword)
);

COMMENT ON TABLE refillspot.query_answers IS
    'What keywords brought in crawls that have not ended. The columns are those of query_yields.';
