-- serves: 20
-- The outward views show of a store what the last accepted crawl left: of a crawl that is still to be judged, its row as
-- it was before. Nothing is there as long as each crawl is accepted as it begins.

CREATE VIEW refillspot.held_rows AS
SELECT DISTINCT ON (b.site, b.ref) b.site, b.ref, b.row
FROM refillspot.store_before AS b JOIN refillspot.crawls AS c ON c.id = b.crawl WHERE NOT c.accepted
ORDER BY b.site, b.ref, b.saved_at, b.crawl;

COMMENT ON VIEW refillspot.held_rows IS
    'Rows of stores as they were before the first crawl that wrote them and is not accepted yet. row NULL: there was none.';

CREATE VIEW refillspot.held_stores AS
SELECT
    h.site, h.ref, was.name, branch, region, district_code, district, dong, dong_confirmed, addr, road_addr, lat, lon,
    phone, categories, cuisines, refill_verdict, refill_evidence, refill_price_krw, refill_prices, refill_terms, menu,
    hours, hours_osm, hours_text, open_status, tags, facilities, score, user_score, review_count, images,
    source_url, channel, status, first_seen_at, last_seen_at
FROM refillspot.held_rows AS h CROSS JOIN LATERAL jsonb_populate_record(NULL::refillspot.stores, h.row) AS was
WHERE h.row IS NOT NULL;

CREATE OR REPLACE VIEW refillspot.accepted_stores AS
SELECT
    site, ref, name, branch, region, district_code, district, dong, dong_confirmed, addr, road_addr, lat, lon,
    phone, categories, cuisines, refill_verdict, refill_evidence, refill_price_krw, refill_prices, refill_terms, menu,
    hours, hours_osm, hours_text, open_status, tags, facilities, score, user_score, review_count, images,
    source_url, channel, status, first_seen_at, last_seen_at
FROM refillspot.stores AS s
WHERE NOT EXISTS (SELECT FROM refillspot.held_rows AS h WHERE (h.site, h.ref) = (s.site, s.ref))
UNION ALL
SELECT
    site, ref, name, branch, region, district_code, district, dong, dong_confirmed, addr, road_addr, lat, lon,
    phone, categories, cuisines, refill_verdict, refill_evidence, refill_price_krw, refill_prices, refill_terms, menu,
    hours, hours_osm, hours_text, open_status, tags, facilities, score, user_score, review_count, images,
    source_url, channel, status, first_seen_at, last_seen_at
FROM refillspot.held_stores;

COMMENT ON VIEW refillspot.accepted_stores IS 'The stores without what crawls wrote that are not accepted yet.';

CREATE OR REPLACE VIEW refillspot.set_aside AS
SELECT site, ref FROM refillspot.corrections
UNION ALL SELECT site, ref FROM refillspot.barred_stores
UNION ALL SELECT site, ref FROM refillspot.held_rows;

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
        source_url, channel, status, first_seen_at, last_seen_at,
        true AS is_of_table
    FROM refillspot.stores
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

-- How the columns were: of each the old value of its first change since. `lines`: the same of the lines of the menu.
CREATE FUNCTION refillspot.menu_at(menu jsonb, lines jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT coalesce(jsonb_agg(line ORDER BY place, key), '[]') FROM (
        SELECT key, place, CASE WHEN was.value IS NULL THEN has.line ELSE nullif(was.value, 'null') END AS line
        FROM (
            SELECT 'menu:' || (line ->> 'name') || CASE WHEN nr > 1 THEN '#' || nr ELSE '' END AS key, line, place
            FROM (
                SELECT line, place,
                    row_number() OVER (PARTITION BY line ->> 'name' ORDER BY line -> 'price_krw', place) AS nr
                FROM jsonb_array_elements(CASE jsonb_typeof(menu) WHEN 'array' THEN menu ELSE '[]' END)
                    WITH ORDINALITY AS now (line, place)
            ) AS numbered
        ) AS has FULL JOIN jsonb_each(lines) AS was (key, value) USING (key)
    ) AS line WHERE line IS NOT NULL
);

-- As text, so that it has the columns that the table has at the time.
CREATE FUNCTION refillspot.stores_at(at timestamptz) RETURNS SETOF refillspot.stores
    LANGUAGE sql STABLE
AS $$
    WITH since AS (
        SELECT DISTINCT ON (h.site, h.ref, one.key) h.site, h.ref, one.key, one.value
        FROM refillspot.store_history AS h LEFT JOIN refillspot.crawls AS c ON c.id = h.crawl
        CROSS JOIN LATERAL jsonb_each(jsonb_build_object(h.field, h.old) || coalesce(h.along, '{}')) AS one
        WHERE h.first_seen_new > $1 OR NOT c.accepted
        ORDER BY h.site, h.ref, one.key, h.first_seen_new, h.id
    ), was AS MATERIALIZED (
        SELECT site, ref,
            coalesce(jsonb_object_agg(key, value) FILTER (WHERE NOT starts_with(key, 'menu:')), '{}') AS columns,
            jsonb_object_agg(key, value) FILTER (WHERE starts_with(key, 'menu:')) AS lines
        FROM since GROUP BY site, ref
    )
    SELECT row.*
    FROM refillspot.stores AS s LEFT JOIN was ON (was.site, was.ref) = (s.site, s.ref)
    CROSS JOIN LATERAL (
        SELECT '{"last_seen_at": null, "fetched_at": null, "unsaid": null}'::jsonb WHERE s.last_seen_at > $1
        UNION ALL SELECT '{}' WHERE s.last_seen_at <= $1
    ) AS unknown (columns)
    CROSS JOIN LATERAL jsonb_populate_record(
        s, coalesce(was.columns, '{}') || unknown.columns || CASE
            WHEN was.lines IS NULL THEN '{}' ELSE jsonb_build_object('menu', refillspot.menu_at(s.menu, was.lines))
        END
    ) AS row
    WHERE s.first_seen_at <= $1 AND NOT EXISTS (
        SELECT FROM refillspot.held_rows AS h WHERE (h.site, h.ref) = (s.site, s.ref) AND h.row IS NULL
    )
$$;

COMMENT ON FUNCTION refillspot.stores_at IS
    'The table as it was believed at a moment; what has no history (pictures, tags, facilities, open_status) is as it is now.';
