-- What everything reads that is no part of a crawl: people, files, maps. A view is outward if its name begins with v_.
-- Who may read one of them may read those of later migrations, which change them by CREATE OR REPLACE VIEW.

ALTER TABLE refillspot.crawls ADD COLUMN accepted boolean NOT NULL DEFAULT true;

COMMENT ON COLUMN refillspot.crawls.accepted IS 'Its stores are shown in the outward views.';

CREATE VIEW refillspot.v_stores AS
SELECT
    site, ref, name, branch, region, district_code, district, dong, dong_confirmed, addr, road_addr, lat, lon, phone,
    phone ~ '^01[016-9]-' AS phone_is_mobile,
    categories, cuisines, refill_verdict, refill_evidence, refill_price_krw, refill_prices, refill_terms, menu,
    hours, hours_osm, hours_text, open_status, tags, facilities, score, user_score, review_count, images,
    source_url, channel, status, first_seen_at, last_seen_at
FROM refillspot.stores
WHERE refill_verdict IN ('confirmed', 'likely') AND status = 'operating';

COMMENT ON VIEW refillspot.v_stores IS 'The all-you-can-eat stores: confirmed or likely, as each row says, and operating.';
COMMENT ON COLUMN refillspot.v_stores.phone_is_mobile IS
    'Whether `phone` is a mobile number, which may be a person''s own. NULL: no phone.';
