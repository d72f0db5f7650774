-- Stores as the last crawl knew them, and the rows that could not be stored.

CREATE TABLE refillspot.stores (
    ref               text PRIMARY KEY,
    name              text NOT NULL CHECK (name <> ''),
    branch            text,
    addr              text,
    road_addr         text,
    district_code     text NOT NULL,
    district          text NOT NULL,
    dong              text,
    lat               double precision CHECK (lat BETWEEN 33 AND 39),
    lon               double precision CHECK (lon BETWEEN 124 AND 132),
    phone             text,
    categories        text[],
    score             integer CHECK (score BETWEEN 0 AND 100),
    user_score        real CHECK (user_score > 0 AND user_score <= 5),
    review_count      integer CHECK (review_count >= 0),
    images            text[],
    hours             jsonb,
    hours_osm         text,
    hours_text        text,
    open_status       text,
    menu              jsonb,
    refill_verdict    text NOT NULL CHECK (refill_verdict IN ('confirmed', 'likely', 'unlikely')),
    refill_evidence   jsonb NOT NULL,
    refill_prices     jsonb,
    refill_price_krw  integer CHECK (refill_price_krw > 0),
    tags              text[],
    facilities        text[],
    source_url        text NOT NULL,
    status            text NOT NULL DEFAULT 'operating' CHECK (status IN ('operating', 'missing', 'closed')),
    first_seen_at     timestamptz NOT NULL DEFAULT now(),
    last_seen_at      timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX stores_by_district ON refillspot.stores (district_code, refill_verdict);

COMMENT ON TABLE refillspot.stores IS 'One row a store of Diningcode, keyed by the site''s own id (v_rid).';
COMMENT ON COLUMN refillspot.stores.refill_price_krw IS 'Cheapest ordinary adult price of the refill offer, in won.';
COMMENT ON COLUMN refillspot.stores.hours_osm IS 'OpenStreetMap opening_hours text, Korean time.';

CREATE TABLE refillspot.rejects (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ref          text,
    store        jsonb NOT NULL,
    error        text NOT NULL,
    rejected_at  timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE refillspot.rejects IS 'Stores that the table refused, whole, each with the reason.';
