-- serves: 24
-- What a person has found by looking: whether a value of a store is right.

CREATE TABLE refillspot.audits (
    seed         bigint NOT NULL,
    site         text NOT NULL,
    ref          text NOT NULL,
    field        text NOT NULL,
    value        jsonb NOT NULL,
    answer       text NOT NULL CHECK (answer IN ('right', 'wrong', 'unknown')),
    answered_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (seed, site, ref, field)
);

COMMENT ON TABLE refillspot.audits IS 'Values that somebody has compared with reality (`scrapy audit`).';
COMMENT ON COLUMN refillspot.audits.seed IS 'Which sample it belongs to; without --seed the month, 202612.';
COMMENT ON COLUMN refillspot.audits.value IS 'What was shown, as its column of v_stores says it.';
COMMENT ON COLUMN refillspot.audits.answer IS 'unknown: who looked could not tell.';
