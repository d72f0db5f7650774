-- A store that was known before it began to be all-you-can-eat is not new with that.
-- serves: 19

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
)
SELECT
    c.site, c.ref, s.name, s.branch, s.region, s.district_code, s.district,
    c.field, c.old, c.new, c.last_seen_old, c.first_seen_new, c.crawl
FROM changed AS c JOIN refillspot.stores AS s USING (site, ref)
WHERE (s.refill_verdict <> 'unlikely' OR EXISTS (
    SELECT FROM refillspot.store_history AS h WHERE (h.site, h.ref, h.field) = (c.site, c.ref, 'refill_verdict')
)) AND NOT EXISTS (SELECT FROM refillspot.barred_stores AS b WHERE (b.site, b.ref) = (c.site, c.ref));
