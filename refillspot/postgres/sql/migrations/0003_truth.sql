-- The terms of an offer, and the few words that every category comes down to.

ALTER TABLE refillspot.stores
    ADD COLUMN dong_confirmed  boolean,
    ADD COLUMN refill_terms    jsonb,
    ADD COLUMN cuisines        text[];

COMMENT ON COLUMN refillspot.stores.dong_confirmed IS 'Whether the point lies in the dong of the address.';
COMMENT ON COLUMN refillspot.stores.refill_terms IS 'Time limit, persons, fee for leftovers, drinks, as the menu states them.';
COMMENT ON COLUMN refillspot.stores.cuisines IS 'The categories in the published vocabulary of docs/fields.md.';
