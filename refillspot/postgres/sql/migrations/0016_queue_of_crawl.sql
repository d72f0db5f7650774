-- Which queue a crawl has, so that a second one is refused while workers live on the first.

ALTER TABLE refillspot.crawls ADD COLUMN queue text, ADD COLUMN queue_seen_at timestamptz;

COMMENT ON COLUMN refillspot.crawls.queue IS 'The queue in Redis that its workers share, or shared last.';
COMMENT ON COLUMN refillspot.crawls.queue_seen_at IS 'Their last sign of life there; NULL: they have left. Later another queue may take over.';
