-- Of a store that is seen again as it was, a crawl that is still to be judged keeps what its look has changed, which is
-- when it was seen: whatever a row of store_before does not tell is as in the table. Older programs judge by whole rows:
-- none of them is served; what one that is at work still writes is whole, and taken as it is.

COMMENT ON COLUMN refillspot.store_before.row IS
    'The row of stores; what it leaves out is as in the table. NULL: there was none.';

-- What others are shown as it was: the stores of which more than that is different. It goes fast past the many others.
CREATE INDEX store_before_whole ON refillspot.store_before (crawl, site, ref) WHERE coalesce(row ? 'site', true);

-- Packed, a row takes as long to read for one of its values as for all; it does not lie there for long.
ALTER TABLE refillspot.store_before SET (toast_tuple_target = 8160);

-- Whoever writes: a crawl, of whatever version, a page that is read again, a state that follows from a search. What is
-- generated is not named below: it is as good as written each time.
CREATE FUNCTION refillspot.complete_before() RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE refillspot.store_before SET row = to_jsonb(OLD) || row
    WHERE (site, ref) = (OLD.site, OLD.ref) AND NOT row ? 'site';
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION refillspot.complete_before IS
    'Before more of a store changes than when it was seen, store_before is told how it was.';

CREATE TRIGGER complete_before BEFORE UPDATE OF
    site, ref, name, branch, region, district_code, district, dong, dong_confirmed, addr, road_addr, lat, lon, phone,
    categories, cuisines, refill_verdict, refill_evidence, refill_price_krw, refill_prices, refill_terms, menu, hours,
    hours_osm, hours_text, open_status, tags, facilities, score, user_score, review_count, images, source_url, channel,
    first_seen_at, digest, parser_version, unsaid
ON refillspot.stores FOR EACH ROW EXECUTE FUNCTION refillspot.complete_before();

CREATE TRIGGER complete_before_of_state BEFORE UPDATE OF status, status_reason, status_at ON refillspot.stores
FOR EACH ROW WHEN (
    (OLD.status, OLD.status_reason, OLD.status_at) IS DISTINCT FROM (NEW.status, NEW.status_reason, NEW.status_at)
) EXECUTE FUNCTION refillspot.complete_before();

CREATE OR REPLACE VIEW refillspot.held_rows AS
SELECT DISTINCT ON (b.ref, b.site) b.site, b.ref, b.row
FROM refillspot.store_before AS b JOIN refillspot.crawls AS c ON c.id = b.crawl
WHERE NOT c.accepted AND c.decision IS NULL AND coalesce(b.row ? 'site', true)
ORDER BY b.ref, b.site, b.saved_at, b.crawl;

COMMENT ON VIEW refillspot.held_rows IS
    'Rows of stores as they were before the first crawl that changed them and is not accepted yet. row NULL: there was none.';

CREATE VIEW refillspot.held_looks AS
SELECT DISTINCT ON (b.ref, b.site) b.site, b.ref, b.row
FROM refillspot.store_before AS b JOIN refillspot.crawls AS c ON c.id = b.crawl
WHERE NOT c.accepted AND c.decision IS NULL AND NOT b.row ? 'site'
ORDER BY b.ref, b.site, b.saved_at, b.crawl;

COMMENT ON VIEW refillspot.held_looks IS
    'Of stores that such crawls have seen as they were: when they had been seen before.';

-- What searches ask for is told by the row itself: only stores that they mean are unpacked.
CREATE OR REPLACE VIEW refillspot.held_stores AS
SELECT
    h.site, h.ref, h.row ->> 'name' AS name, h.row ->> 'branch' AS branch, h.row ->> 'region' AS region,
    h.row ->> 'district_code' AS district_code, district, dong, dong_confirmed, addr, road_addr,
    (h.row ->> 'lat')::double precision AS lat, (h.row ->> 'lon')::double precision AS lon, phone,
    refillspot.text_array(h.row -> 'categories') AS categories, cuisines,
    h.row ->> 'refill_verdict' AS refill_verdict, refill_evidence,
    (h.row ->> 'refill_price_krw')::integer AS refill_price_krw, refill_prices, refill_terms,
    nullif(h.row -> 'menu', 'null') AS menu, hours, hours_osm, hours_text, open_status, tags, facilities, score,
    user_score, review_count, images, source_url, channel, h.row ->> 'status' AS status, first_seen_at, last_seen_at
FROM refillspot.held_rows AS h CROSS JOIN LATERAL jsonb_populate_record(NULL::refillspot.stores, h.row) AS was
WHERE h.row IS NOT NULL;

CREATE OR REPLACE VIEW refillspot.set_aside AS
SELECT site, ref FROM refillspot.corrections
UNION ALL SELECT site, ref FROM refillspot.barred_stores
UNION ALL SELECT b.site, b.ref
FROM refillspot.store_before AS b JOIN refillspot.crawls AS c ON c.id = b.crawl
WHERE NOT c.accepted AND c.decision IS NULL AND coalesce(b.row ? 'site', true);

CREATE OR REPLACE VIEW refillspot.accepted_stores AS
SELECT
    s.site, s.ref, name, branch, region, district_code, district, dong, dong_confirmed, addr, road_addr, lat, lon,
    phone, categories, cuisines, refill_verdict, refill_evidence, refill_price_krw, refill_prices, refill_terms, menu,
    hours, hours_osm, hours_text, open_status, tags, facilities, score, user_score, review_count, images,
    source_url, channel, status, first_seen_at, coalesce(
        (
            SELECT (h.row ->> 'last_seen_at')::timestamptz FROM refillspot.held_looks AS h
            WHERE (h.site, h.ref) = (s.site, s.ref)
        ), last_seen_at
    ) AS last_seen_at
FROM refillspot.stores AS s
WHERE NOT EXISTS (SELECT FROM refillspot.held_rows AS h WHERE (h.site, h.ref) = (s.site, s.ref))
UNION ALL
SELECT
    site, ref, name, branch, region, district_code, district, dong, dong_confirmed, addr, road_addr, lat, lon,
    phone, categories, cuisines, refill_verdict, refill_evidence, refill_price_krw, refill_prices, refill_terms, menu,
    hours, hours_osm, hours_text, open_status, tags, facilities, score, user_score, review_count, images,
    source_url, channel, status, first_seen_at, last_seen_at
FROM refillspot.held_stores;

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
        phone, categories, cuisines, refill_verdict, refill_evidence, refill_price_krw, refill_prices, refill_terms, menu,
        hours, hours_osm, hours_text, open_status, tags, facilities, score, user_score, review_count, images,
        source_url, channel, status, first_seen_at,
        coalesce(
            (
                SELECT (h.row ->> 'last_seen_at')::timestamptz FROM refillspot.held_looks AS h
                WHERE (h.site, h.ref) = (t.site, t.ref)
            ), last_seen_at
        ) AS last_seen_at,
        true AS is_of_table
    FROM refillspot.stores AS t
    UNION ALL
    SELECT
        site, ref, name, branch, region, district_code, district, dong, dong_confirmed, addr, road_addr, lat, lon,
        phone, categories, cuisines, refill_verdict, refill_evidence, refill_price_krw, refill_prices, refill_terms, menu,
        hours, hours_osm, hours_text, open_status, tags, facilities, score, user_score, review_count, images,
        source_url, channel, status, first_seen_at, last_seen_at,
        false
    FROM refillspot.corrected_stores
    UNION ALL
    SELECT
        site, ref, name, branch, region, district_code, district, dong, dong_confirmed, addr, road_addr, lat, lon,
        phone, categories, cuisines, refill_verdict, refill_evidence, refill_price_krw, refill_prices, refill_terms, menu,
        hours, hours_osm, hours_text, open_status, tags, facilities, score, user_score, review_count, images,
        source_url, channel, status, first_seen_at, last_seen_at,
        false
    FROM refillspot.held_stores AS h
    WHERE NOT EXISTS (SELECT FROM refillspot.corrections AS c WHERE (c.site, c.ref) = (h.site, h.ref))
        AND NOT EXISTS (SELECT FROM refillspot.barred_stores AS b WHERE (b.site, b.ref) = (h.site, h.ref))
) AS s
WHERE refill_verdict IN ('confirmed', 'likely') AND status = 'operating'
    AND NOT (is_of_table AND (site, ref) IN (SELECT site, ref FROM refillspot.set_aside));

CREATE OR REPLACE FUNCTION refillspot.stores_at(at timestamptz) RETURNS SETOF refillspot.stores
    LANGUAGE sql STABLE
AS $$
    WITH since AS (
        SELECT DISTINCT ON (h.site, h.ref, one.key) h.site, h.ref, one.key, one.value
        FROM refillspot.store_history AS h LEFT JOIN refillspot.crawls AS c ON c.id = h.crawl
        CROSS JOIN LATERAL jsonb_each(jsonb_build_object(h.field, h.old) || coalesce(h.along, '{}')) AS one
        WHERE h.first_seen_new > $1 AND coalesce(c.accepted, c.id IS NULL)
        ORDER BY h.site, h.ref, one.key, h.first_seen_new, h.id
    ), was AS MATERIALIZED (
        SELECT site, ref,
            coalesce(jsonb_object_agg(key, value) FILTER (WHERE NOT starts_with(key, 'menu:')), '{}') AS columns,
            jsonb_object_agg(key, value) FILTER (WHERE starts_with(key, 'menu:')) AS lines
        FROM since GROUP BY site, ref
    )
    SELECT row.*
    FROM refillspot.stores AS known LEFT JOIN refillspot.held_rows AS h USING (site, ref)
    LEFT JOIN refillspot.held_looks AS look USING (site, ref)
    CROSS JOIN LATERAL jsonb_populate_record(known, coalesce(h.row, look.row)) AS s
    LEFT JOIN was ON (was.site, was.ref) = (s.site, s.ref)
    CROSS JOIN LATERAL (
        SELECT '{"last_seen_at": null, "fetched_at": null, "unsaid": null}'::jsonb WHERE s.last_seen_at > $1
        UNION ALL SELECT '{}' WHERE s.last_seen_at <= $1
    ) AS unknown (columns)
    CROSS JOIN LATERAL jsonb_populate_record(
        s, coalesce(was.columns, '{}') || unknown.columns || CASE
            WHEN was.lines IS NULL THEN '{}' ELSE jsonb_build_object('menu', refillspot.menu_at(s.menu, was.lines))
        END
    ) AS row
    WHERE s.first_seen_at <= $1 AND (h.ref IS NULL OR h.row IS NOT NULL)
$$;
