-- A page of the cache is older than the look that used it: what it says was so when the site sent it.

ALTER TABLE refillspot.stores ADD COLUMN fetched_at timestamptz;

COMMENT ON COLUMN refillspot.stores.fetched_at IS
    'When the site sent the page that was merged last; last_seen_at may be later, if the page was kept since. NULL: as last_seen_at.';
