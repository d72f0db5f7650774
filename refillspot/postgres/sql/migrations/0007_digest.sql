-- A store seen again as it was is not written again: only the time moves.

ALTER TABLE refillspot.stores ADD COLUMN digest bigint;

-- A row of some 3 kB takes half a page at most, and half of each page is left free: the next version of a row finds its
-- place beside it, without a new entry in each index (HOT). Most rows need no compression then, which costs more than it
-- saves.
ALTER TABLE refillspot.stores SET (fillfactor = 50, toast_tuple_target = 4000);

COMMENT ON COLUMN refillspot.stores.digest IS
    'Of the page that was merged last; the same page is not merged again. Set it to NULL when you change a row by hand.';
