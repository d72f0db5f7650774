-- serves: 22
-- The table forgets nothing: that pages stop saying something is seen in what each crawl's pages said, and nowhere else.

ALTER TABLE refillspot.crawl_commits ADD COLUMN said jsonb;

COMMENT ON COLUMN refillspot.crawl_commits.said IS
    'Of the store pages of this commit, how many said what: {district: {"pages": 9, "hours": 8}}. NULL: none, or not counted.';
