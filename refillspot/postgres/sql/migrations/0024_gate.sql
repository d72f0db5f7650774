-- A crawl is judged as it ends; until it is accepted, nothing that it found is believed. Older programs would close it
-- without judging it, and let their searches be learnt from at once: none of them is served.

ALTER TABLE refillspot.crawls
    ADD COLUMN figures    jsonb,
    ADD COLUMN departures jsonb,
    ADD COLUMN decision   text CHECK (decision IN ('accepted', 'rejected')),
    ADD COLUMN decided_at timestamptz;

COMMENT ON COLUMN refillspot.crawls.accepted IS
    'Its stores are shown in the outward views. false: it runs, is held, or was rejected.';
COMMENT ON COLUMN refillspot.crawls.figures IS
    'What it came to, by district; later crawls are compared with it. NULL: it has not ended, or began without the gate.';
COMMENT ON COLUMN refillspot.crawls.departures IS
    'The figures that were not as usual: it is held if there are any. NULL: it was not judged.';
COMMENT ON COLUMN refillspot.crawls.decision IS 'What somebody said of it when it was held.';

CREATE OR REPLACE VIEW refillspot.crawl_totals AS
SELECT
    c.id, c.spider, c.arguments, c.state, c.stored + coalesce(w.stored, 0) AS stored,
    c.rejected + coalesce(w.rejected, 0) AS rejected, c.counts, c.started_at, c.ended_at,
    c.accepted, c.departures, c.decision
FROM refillspot.crawls AS c
LEFT JOIN LATERAL (
    SELECT sum(stored) AS stored, sum(rejected) AS rejected FROM refillspot.crawl_commits WHERE crawl = c.id
) AS w ON true;

-- In the order in which rows were written, which is that of their locks, not of the transactions' beginnings.
ALTER TABLE refillspot.store_before ADD COLUMN said text[], ALTER COLUMN saved_at SET DEFAULT clock_timestamp();

COMMENT ON COLUMN refillspot.store_before.said IS
    'Fields that the page of this crawl has a value for: the table keeps what pages stop saying.';

-- Of stores that a crawl has not read.
CREATE TABLE refillspot.crawl_sightings (
    crawl      text NOT NULL,
    site       text NOT NULL,
    ref        text NOT NULL,
    shown      boolean NOT NULL DEFAULT false,
    denied_at  timestamptz,
    PRIMARY KEY (crawl, site, ref)
);

COMMENT ON TABLE refillspot.crawl_sightings IS
    'What crawls that are not accepted yet have heard of stores besides their pages; then it goes into store_presence.';
COMMENT ON COLUMN refillspot.crawl_sightings.shown IS 'A search showed it, and its page was not wanted.';
COMMENT ON COLUMN refillspot.crawl_sightings.denied_at IS 'When its page said that there is no such store.';

CREATE OR REPLACE VIEW refillspot.held_rows AS
SELECT DISTINCT ON (b.site, b.ref) b.site, b.ref, b.row
FROM refillspot.store_before AS b JOIN refillspot.crawls AS c ON c.id = b.crawl
WHERE NOT c.accepted AND c.decision IS NULL
ORDER BY b.site, b.ref, b.saved_at, b.crawl;

-- What a person corrects is what is shown: of a crawl that is still to be judged, the row before it.
CREATE OR REPLACE VIEW refillspot.corrections_now AS
SELECT c.site, c.ref, c.field, c.value, c.based_on, c.note, c.made_at, now.said, now.said <> c.based_on AS is_stale
FROM refillspot.corrections AS c
JOIN refillspot.stores AS known USING (site, ref)
LEFT JOIN refillspot.held_rows AS h USING (site, ref)
CROSS JOIN LATERAL jsonb_populate_record(known, h.row) AS s
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

-- Which changes there are goes by what is believed, too: a district and a verdict that a held crawl has found are none.
CREATE OR REPLACE VIEW refillspot.v_changes AS
WITH known AS NOT MATERIALIZED (
    SELECT
        s.site, s.ref, s.first_seen_at,
        CASE WHEN h.ref IS NULL THEN s.district_code ELSE h.row ->> 'district_code' END AS district_code,
        CASE WHEN h.ref IS NULL THEN s.refill_verdict ELSE h.row ->> 'refill_verdict' END AS refill_verdict
    FROM refillspot.stores AS s LEFT JOIN refillspot.held_rows AS h ON (h.site, h.ref) = (s.site, s.ref)
), changed AS (
    SELECT h.site, h.ref, h.field, h.old, h.new, h.last_seen_old, h.first_seen_new, h.crawl
    FROM refillspot.store_history AS h LEFT JOIN refillspot.crawls AS c ON c.id = h.crawl
    WHERE coalesce(c.accepted, c.id IS NULL)
    UNION ALL
    -- a store that an earlier crawl of its district would have found, had it been there
    SELECT s.site, s.ref, 'status', NULL, '"operating"', missed.started_at, s.first_seen_at, found.id
    FROM known AS s
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
    WHERE coalesce((
        SELECT h.old #>> '{}' FROM refillspot.store_history AS h
        WHERE (h.site, h.ref, h.field) = (s.site, s.ref, 'refill_verdict') ORDER BY h.first_seen_new, h.id LIMIT 1
    ), s.refill_verdict) <> 'unlikely'
), shown_otherwise AS (
    -- stores whose row in the table is not what others see
    SELECT site, ref, name, branch, region, district_code, district, refill_verdict FROM refillspot.corrected_stores
    UNION ALL
    SELECT site, ref, name, branch, region, district_code, district, refill_verdict FROM refillspot.held_stores AS h
    WHERE NOT EXISTS (SELECT FROM refillspot.corrections AS c WHERE (c.site, c.ref) = (h.site, h.ref))
)
SELECT
    c.site, c.ref,
    CASE WHEN o.ref IS NULL THEN s.name ELSE o.name END AS name,
    CASE WHEN o.ref IS NULL THEN s.branch ELSE o.branch END AS branch,
    CASE WHEN o.ref IS NULL THEN s.region ELSE o.region END AS region,
    CASE WHEN o.ref IS NULL THEN s.district_code ELSE o.district_code END AS district_code,
    CASE WHEN o.ref IS NULL THEN s.district ELSE o.district END AS district,
    c.field, c.old, c.new, c.last_seen_old, c.first_seen_new, c.crawl
FROM changed AS c JOIN refillspot.stores AS s USING (site, ref)
LEFT JOIN shown_otherwise AS o USING (site, ref)
WHERE (
    CASE WHEN o.ref IS NULL THEN s.refill_verdict ELSE o.refill_verdict END <> 'unlikely' OR EXISTS (
        SELECT FROM refillspot.store_history AS h LEFT JOIN refillspot.crawls AS by ON by.id = h.crawl
        WHERE (h.site, h.ref, h.field) = (c.site, c.ref, 'refill_verdict') AND coalesce(by.accepted, by.id IS NULL)
    )
) AND NOT EXISTS (SELECT FROM refillspot.barred_stores AS b WHERE (b.site, b.ref) = (c.site, c.ref))
AND NOT EXISTS (SELECT FROM refillspot.held_rows AS h WHERE (h.site, h.ref) = (c.site, c.ref) AND h.row IS NULL);

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
    CROSS JOIN LATERAL jsonb_populate_record(known, h.row) AS s
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
