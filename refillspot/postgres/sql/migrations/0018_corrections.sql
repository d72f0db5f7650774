-- What people know better than the site, and of which stores nothing is to be seen. The tables stay as the site says.

CREATE TABLE refillspot.corrections (
    site      text NOT NULL,
    ref       text NOT NULL,
    field     text NOT NULL,
    value     jsonb NOT NULL,
    based_on  jsonb NOT NULL,
    note      text,
    made_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (site, ref, field)
);

COMMENT ON TABLE refillspot.corrections IS 'What somebody has put right (`scrapy correct`); v_stores shows it.';
COMMENT ON COLUMN refillspot.corrections.field IS 'A column of v_stores; district and hours stand for all that tell them.';
COMMENT ON COLUMN refillspot.corrections.value IS '{column of v_stores: what it is}.';
COMMENT ON COLUMN refillspot.corrections.based_on IS
    'What the site had said of the field: its column, of district the code, of hours the text. Where it says something'
    ' else now, the correction does not rule.';

CREATE TABLE refillspot.barred_stores (
    site       text NOT NULL,
    ref        text NOT NULL,
    how        text NOT NULL CHECK (how IN ('hidden', 'forgotten')),
    note       text,
    barred_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (site, ref)
);

COMMENT ON TABLE refillspot.barred_stores IS 'Stores never asked for, stored or shown: `scrapy correct hide`, `forget`.';
COMMENT ON COLUMN refillspot.barred_stores.how IS 'hidden: what is known stays in the tables. forgotten: it was deleted.';

CREATE FUNCTION refillspot.text_array(list jsonb) RETURNS text[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE jsonb_typeof(list) WHEN 'array' THEN ARRAY(SELECT jsonb_array_elements_text(list)) END;

CREATE VIEW refillspot.corrections_now AS
SELECT c.site, c.ref, c.field, c.value, c.based_on, c.note, c.made_at, now.said, now.said <> c.based_on AS is_stale
FROM refillspot.corrections AS c
JOIN refillspot.stores AS s USING (site, ref)
CROSS JOIN LATERAL (
    SELECT coalesce(CASE c.field
        WHEN 'name' THEN to_jsonb(s.name) WHEN 'branch' THEN to_jsonb(s.branch) WHEN 'addr' THEN to_jsonb(s.addr)
        WHEN 'road_addr' THEN to_jsonb(s.road_addr) WHEN 'district' THEN to_jsonb(s.district_code)
        WHEN 'dong' THEN to_jsonb(s.dong) WHEN 'lat' THEN to_jsonb(s.lat) WHEN 'lon' THEN to_jsonb(s.lon)
        WHEN 'phone' THEN to_jsonb(s.phone) WHEN 'categories' THEN to_jsonb(s.categories)
        WHEN 'refill_verdict' THEN to_jsonb(s.refill_verdict)
        WHEN 'refill_price_krw' THEN to_jsonb(s.refill_price_krw)
        WHEN 'refill_prices' THEN to_jsonb(s.refill_prices) WHEN 'refill_terms' THEN to_jsonb(s.refill_terms)
        WHEN 'menu' THEN to_jsonb(s.menu) WHEN 'hours' THEN to_jsonb(s.hours_text) WHEN 'tags' THEN to_jsonb(s.tags)
        WHEN 'facilities' THEN to_jsonb(s.facilities) WHEN 'images' THEN to_jsonb(s.images)
        WHEN 'source_url' THEN to_jsonb(s.source_url) WHEN 'status' THEN to_jsonb(s.status)
    END, 'null') AS said
) AS now;

COMMENT ON VIEW refillspot.corrections_now IS 'Corrections with what the site says of the field now.';

CREATE VIEW refillspot.accepted_stores AS
SELECT
    site, ref, name, branch, region, district_code, district, dong, dong_confirmed, addr, road_addr, lat, lon,
    phone, categories, cuisines, refill_verdict, refill_evidence, refill_price_krw, refill_prices, refill_terms, menu,
    hours, hours_osm, hours_text, open_status, tags, facilities, score, user_score, review_count, images,
    source_url, channel, status, first_seen_at, last_seen_at
FROM refillspot.stores;

-- Whoever reads it pays for the columns that are read. Each row is looked up by its key (LIMIT): nothing else is quick
-- where the table is large, and of an empty table of corrections PostgreSQL believes that it has hundreds.
CREATE VIEW refillspot.corrected_stores AS
SELECT
    s.site, s.ref,
    CASE WHEN coalesce(to_jsonb(s.name), 'null') = v.based_on -> 'name'
        THEN v.value ->> 'name' ELSE s.name END AS name,
    CASE WHEN coalesce(to_jsonb(s.branch), 'null') = v.based_on -> 'branch'
        THEN v.value ->> 'branch' ELSE s.branch END AS branch,
    CASE WHEN coalesce(to_jsonb(s.district_code), 'null') = v.based_on -> 'region'
        THEN v.value ->> 'region' ELSE s.region END AS region,
    CASE WHEN coalesce(to_jsonb(s.district_code), 'null') = v.based_on -> 'district_code'
        THEN v.value ->> 'district_code' ELSE s.district_code END AS district_code,
    CASE WHEN coalesce(to_jsonb(s.district_code), 'null') = v.based_on -> 'district'
        THEN v.value ->> 'district' ELSE s.district END AS district,
    CASE WHEN coalesce(to_jsonb(s.dong), 'null') = v.based_on -> 'dong'
        THEN v.value ->> 'dong' ELSE s.dong END AS dong,
    s.dong_confirmed,
    CASE WHEN coalesce(to_jsonb(s.addr), 'null') = v.based_on -> 'addr'
        THEN v.value ->> 'addr' ELSE s.addr END AS addr,
    CASE WHEN coalesce(to_jsonb(s.road_addr), 'null') = v.based_on -> 'road_addr'
        THEN v.value ->> 'road_addr' ELSE s.road_addr END AS road_addr,
    CASE WHEN coalesce(to_jsonb(s.lat), 'null') = v.based_on -> 'lat'
        THEN (v.value ->> 'lat')::float8 ELSE s.lat END AS lat,
    CASE WHEN coalesce(to_jsonb(s.lon), 'null') = v.based_on -> 'lon'
        THEN (v.value ->> 'lon')::float8 ELSE s.lon END AS lon,
    CASE WHEN coalesce(to_jsonb(s.phone), 'null') = v.based_on -> 'phone'
        THEN v.value ->> 'phone' ELSE s.phone END AS phone,
    CASE WHEN coalesce(to_jsonb(s.categories), 'null') = v.based_on -> 'categories'
        THEN refillspot.text_array(v.value -> 'categories') ELSE s.categories END AS categories,
    CASE WHEN coalesce(to_jsonb(s.categories), 'null') = v.based_on -> 'cuisines'
        THEN refillspot.text_array(v.value -> 'cuisines') ELSE s.cuisines END AS cuisines,
    CASE WHEN coalesce(to_jsonb(s.refill_verdict), 'null') = v.based_on -> 'refill_verdict'
        THEN v.value ->> 'refill_verdict' ELSE s.refill_verdict END AS refill_verdict,
    s.refill_evidence,
    CASE WHEN coalesce(to_jsonb(s.refill_price_krw), 'null') = v.based_on -> 'refill_price_krw'
        THEN (v.value ->> 'refill_price_krw')::integer ELSE s.refill_price_krw END AS refill_price_krw,
    CASE WHEN coalesce(to_jsonb(s.refill_prices), 'null') = v.based_on -> 'refill_prices'
        THEN nullif(v.value -> 'refill_prices', 'null') ELSE s.refill_prices END AS refill_prices,
    CASE WHEN coalesce(to_jsonb(s.refill_terms), 'null') = v.based_on -> 'refill_terms'
        THEN nullif(v.value -> 'refill_terms', 'null') ELSE s.refill_terms END AS refill_terms,
    CASE WHEN coalesce(to_jsonb(s.menu), 'null') = v.based_on -> 'menu'
        THEN nullif(v.value -> 'menu', 'null') ELSE s.menu END AS menu,
    CASE WHEN coalesce(to_jsonb(s.hours_text), 'null') = v.based_on -> 'hours'
        THEN nullif(v.value -> 'hours', 'null') ELSE s.hours END AS hours,
    CASE WHEN coalesce(to_jsonb(s.hours_text), 'null') = v.based_on -> 'hours_osm'
        THEN v.value ->> 'hours_osm' ELSE s.hours_osm END AS hours_osm,
    CASE WHEN coalesce(to_jsonb(s.hours_text), 'null') = v.based_on -> 'hours_text'
        THEN v.value ->> 'hours_text' ELSE s.hours_text END AS hours_text,
    s.open_status,
    CASE WHEN coalesce(to_jsonb(s.tags), 'null') = v.based_on -> 'tags'
        THEN refillspot.text_array(v.value -> 'tags') ELSE s.tags END AS tags,
    CASE WHEN coalesce(to_jsonb(s.facilities), 'null') = v.based_on -> 'facilities'
        THEN refillspot.text_array(v.value -> 'facilities') ELSE s.facilities END AS facilities,
    s.score, s.user_score, s.review_count,
    CASE WHEN coalesce(to_jsonb(s.images), 'null') = v.based_on -> 'images'
        THEN refillspot.text_array(v.value -> 'images') ELSE s.images END AS images,
    CASE WHEN coalesce(to_jsonb(s.source_url), 'null') = v.based_on -> 'source_url'
        THEN v.value ->> 'source_url' ELSE s.source_url END AS source_url,
    s.channel,
    CASE WHEN coalesce(to_jsonb(s.status), 'null') = v.based_on -> 'status'
        THEN v.value ->> 'status' ELSE s.status END AS status,
    s.first_seen_at, s.last_seen_at
FROM (
    SELECT site, ref, jsonb_object_agg(one.key, one.value) AS value, jsonb_object_agg(one.key, based_on) AS based_on
    FROM refillspot.corrections CROSS JOIN jsonb_each(value) AS one GROUP BY site, ref
) AS v
CROSS JOIN LATERAL (
    SELECT * FROM refillspot.accepted_stores AS t WHERE (t.site, t.ref) = (v.site, v.ref) LIMIT 1
) AS s
WHERE NOT EXISTS (SELECT FROM refillspot.barred_stores AS b WHERE (b.site, b.ref) = (s.site, s.ref));

COMMENT ON VIEW refillspot.corrected_stores IS 'The stores that have corrections, as these leave them.';

-- Stores whose row in the table is not what others are shown.
CREATE VIEW refillspot.set_aside AS
SELECT site, ref FROM refillspot.corrections UNION ALL SELECT site, ref FROM refillspot.barred_stores;

-- Neither part of the union has a condition of its own: only so the indexes of the table are used through it.
CREATE OR REPLACE VIEW refillspot.v_stores AS
SELECT
    site, ref, name, branch, region, district_code, district, dong, dong_confirmed, addr, road_addr, lat, lon, phone,
    phone ~ '^01[016-9]-' AS phone_is_mobile,
    categories, cuisines, refill_verdict, refill_evidence, refill_price_krw, refill_prices, refill_terms, menu,
    hours, hours_osm, hours_text, open_status, tags, facilities, score, user_score, review_count, images,
    source_url, channel, status, first_seen_at, last_seen_at
FROM (
    SELECT
        site, ref, name, branch, region, district_code, district, dong, dong_confirmed, addr, road_addr, lat, lon,
        phone, categories, cuisines, refill_verdict, refill_evidence, refill_price_krw, refill_prices,
        refill_terms, menu, hours, hours_osm, hours_text, open_status, tags, facilities, score, user_score,
        review_count, images, source_url, channel, status, first_seen_at, last_seen_at,
        true AS is_of_table
    FROM refillspot.stores
    UNION ALL
    SELECT
        site, ref, name, branch, region, district_code, district, dong, dong_confirmed, addr, road_addr, lat, lon,
        phone, categories, cuisines, refill_verdict, refill_evidence, refill_price_krw, refill_prices,
        refill_terms, menu, hours, hours_osm, hours_text, open_status, tags, facilities, score, user_score,
        review_count, images, source_url, channel, status, first_seen_at, last_seen_at,
        false
    FROM refillspot.corrected_stores
) AS s
WHERE refill_verdict IN ('confirmed', 'likely') AND status = 'operating'
    AND NOT (is_of_table AND (site, ref) IN (SELECT site, ref FROM refillspot.set_aside));

CREATE OR REPLACE VIEW refillspot.v_changes AS
WITH changed AS (
    SELECT h.site, h.ref, h.field, h.old, h.new, h.last_seen_old, h.first_seen_new, h.crawl
    FROM refillspot.store_history AS h LEFT JOIN refillspot.crawls AS c ON c.id = h.crawl
    WHERE coalesce(c.accepted, c.id IS NULL)
    UNION ALL
    -- a store that an earlier crawl of its district would have found, had it been there
    SELECT s.site, s.ref, 'status', NULL, '"operating"', missed.started_at, s.first_seen_at, found.id
    FROM refillspot.stores AS s
    CROSS JOIN LATERAL (
        SELECT c.id, c.arguments FROM refillspot.crawls AS c
        WHERE c.spider = s.site AND c.accepted AND c.arguments -> 'districts' ? s.district_code
            AND s.first_seen_at BETWEEN c.started_at AND coalesce(c.ended_at, 'infinity')
        ORDER BY c.started_at DESC LIMIT 1
    ) AS found
    CROSS JOIN LATERAL (
        SELECT c.started_at FROM refillspot.crawls AS c
        WHERE c.spider = s.site AND c.accepted AND c.state = 'complete' AND c.ended_at <= s.first_seen_at
            AND c.arguments -> 'districts' ? s.district_code AND c.arguments -> 'limit' = 'null'
            AND c.arguments -> 'keywords' @> (found.arguments -> 'keywords')
        ORDER BY c.started_at DESC LIMIT 1
    ) AS missed
)
SELECT
    c.site, c.ref, s.name, s.branch, s.region, s.district_code, s.district,
    c.field, c.old, c.new, c.last_seen_old, c.first_seen_new, c.crawl
FROM changed AS c JOIN refillspot.stores AS s USING (site, ref)
WHERE (s.refill_verdict <> 'unlikely' OR EXISTS (
    SELECT FROM refillspot.store_history AS h WHERE (h.site, h.ref, h.field) = (c.site, c.ref, 'refill_verdict')
)) AND NOT EXISTS (SELECT FROM refillspot.barred_stores AS b WHERE (b.site, b.ref) = (c.site, c.ref));
