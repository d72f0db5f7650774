-- A store is known by its site and the site's own id, and tells its city: five of them have a 중구.
-- A worker of an older version that is at work meets a key that is gone, connects again, and finds the schema newer than
-- itself.

ALTER TABLE refillspot.stores DROP CONSTRAINT stores_road_check;
ALTER TABLE refillspot.stores RENAME COLUMN road TO channel;

-- One ALTER TABLE is one pass over the rows, which leaves no old versions behind: an UPDATE would. `region` is computed
-- on that pass, and a column like any other from then on.
ALTER TABLE refillspot.stores
    DROP CONSTRAINT stores_pkey,
    ADD COLUMN site text NOT NULL DEFAULT 'diningcode',
    ADD COLUMN region text GENERATED ALWAYS AS (
        CASE left(district_code, 2)
            WHEN '11' THEN '서울특별시' WHEN '26' THEN '부산광역시' WHEN '27' THEN '대구광역시' WHEN '28' THEN '인천광역시'
            WHEN '29' THEN '광주광역시' WHEN '30' THEN '대전광역시' WHEN '31' THEN '울산광역시'
        END
    ) STORED,
    ALTER COLUMN channel TYPE text USING CASE channel WHEN 'pages' THEN 'web' ELSE channel END,
    ADD CONSTRAINT stores_channel_check CHECK (channel IN ('api', 'web')),
    ADD COLUMN road text GENERATED ALWAYS AS (CASE channel WHEN 'web' THEN 'pages' ELSE channel END) STORED,
    ADD PRIMARY KEY (site, ref);
ALTER TABLE refillspot.stores
    ALTER COLUMN site DROP DEFAULT,
    ALTER COLUMN region DROP EXPRESSION;

COMMENT ON TABLE refillspot.stores IS 'One row a store of a site, keyed by the site and the site''s own id (of Diningcode, v_rid).';
COMMENT ON COLUMN refillspot.stores.site IS 'Whose store it is: diningcode.';
COMMENT ON COLUMN refillspot.stores.region IS 'Official name of the city or province, 서울특별시. NULL: its addresses do not say.';
COMMENT ON COLUMN refillspot.stores.channel IS 'api, or web: last read from the page for people, which says less.';
COMMENT ON COLUMN refillspot.stores.road IS 'The former name of channel, with pages for web. Goes with the next release.';

ALTER TABLE refillspot.rejects ADD COLUMN site text NOT NULL DEFAULT 'diningcode';
ALTER TABLE refillspot.rejects ALTER COLUMN site DROP DEFAULT;

ALTER TABLE refillspot.unread_pages
    DROP CONSTRAINT unread_pages_pkey,
    ADD COLUMN site text NOT NULL DEFAULT 'diningcode',
    ADD PRIMARY KEY (site, ref);
ALTER TABLE refillspot.unread_pages ALTER COLUMN site DROP DEFAULT;

ALTER TABLE refillspot.store_pages
    DROP CONSTRAINT store_pages_pkey,
    ADD COLUMN site text NOT NULL DEFAULT 'diningcode',
    ADD PRIMARY KEY (site, ref);
ALTER TABLE refillspot.store_pages ALTER COLUMN site DROP DEFAULT;

ALTER TABLE refillspot.query_yields
    DROP CONSTRAINT query_yields_pkey,
    ADD COLUMN site text NOT NULL DEFAULT 'diningcode',
    ADD PRIMARY KEY (site, district_code, keyword);
ALTER TABLE refillspot.query_yields ALTER COLUMN site DROP DEFAULT;
