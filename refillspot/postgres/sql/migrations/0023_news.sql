-- serves: 17
-- What has changed is told of stores as others see them: as somebody has put them right, and as they were before a crawl
-- that is still to be judged.

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
        SELECT FROM refillspot.store_history AS h WHERE (h.site, h.ref, h.field) = (c.site, c.ref, 'refill_verdict')
    )
) AND NOT EXISTS (SELECT FROM refillspot.barred_stores AS b WHERE (b.site, b.ref) = (c.site, c.ref))
AND NOT EXISTS (SELECT FROM refillspot.held_rows AS h WHERE (h.site, h.ref) = (c.site, c.ref) AND h.row IS NULL);
