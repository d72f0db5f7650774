-- What each keyword brought in each district when it was last asked: the next crawl asks accordingly.

CREATE TABLE refillspot.query_yields (
    district_code   text NOT NULL,
    keyword         text NOT NULL,
    crawl           text NOT NULL,
    first_asked_at  timestamptz NOT NULL,
    asked_at        timestamptz NOT NULL,
    fruitful_at     timestamptz,
    queries         text[] NOT NULL,
    total           integer NOT NULL,
    refs            text[] NOT NULL,
    own             integer,
    PRIMARY KEY (district_code, keyword)
);

COMMENT ON COLUMN refillspot.query_yields.crawl IS 'The crawl that asked last.';
COMMENT ON COLUMN refillspot.query_yields.queries IS 'Its searches that were about the district; those about the whole city are in the row of each district.';
COMMENT ON COLUMN refillspot.query_yields.total IS 'Most matches that one of them was told.';
COMMENT ON COLUMN refillspot.query_yields.refs IS 'Stores of the district whose page was wanted because of them.';
COMMENT ON COLUMN refillspot.query_yields.own IS 'Of these, refill stores that no keyword before it found. NULL: its crawl has not ended.';
COMMENT ON COLUMN refillspot.query_yields.fruitful_at IS 'When it last had some of its own. NULL: never.';
