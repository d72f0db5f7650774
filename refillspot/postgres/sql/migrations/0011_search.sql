-- Stores by a text and by distance. Two syllables are too short for pg_trgm, whose index then returns every row: hence
-- pairs of characters.
--
-- `says` and `lies_within` are merged into the statement that names them, and so are `search` and `near`: only so their
-- indexes are used. They are kept as text, so that s.* is what the view has at the time. An index counts for columns of
-- the table alone: a view that changes some of them does it in a part of its own, beside the stores that are as they were.

-- Capitals, spaces and the form of the syllables make no difference.
CREATE FUNCTION refillspot.folded(value text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN normalize(lower(translate(value, E' \t\n\r\u00a0\u3000', '')), NFC);

-- Its pairs of characters; of one character, itself.
CREATE FUNCTION refillspot.bigrams(value text) RETURNS text[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT CASE WHEN cardinality(characters) < 2 THEN characters ELSE ARRAY(
        SELECT one || next FROM unnest(characters, characters[2:]) AS pair (one, next) WHERE next IS NOT NULL
    ) END
    FROM (SELECT string_to_array(refillspot.folded(value), NULL) AS characters) AS text
);

-- Where a store is searched: its name with its branch, each category, each line of the menu. No text has U+001F.
CREATE FUNCTION refillspot.searchable(name text, branch text, categories text[], menu jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 2000 -- some 15 µs
RETURN refillspot.folded(name || coalesce(branch, '') || E'\u001f' || array_to_string(
    categories || ARRAY(SELECT line #>> '{}' FROM jsonb_path_query(menu, '$[*].name') AS line), E'\u001f'
));

-- All characters and all pairs of it, and of the pairs across its lines, which no text asks for. Built from regular
-- expressions, it takes half as long as from unnest().
CREATE FUNCTION refillspot.search_terms(searchable text) RETURNS text[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 2000
RETURN string_to_array(searchable, NULL) || string_to_array(
    regexp_replace(searchable, '..', E'\\&\n', 'g') || E'\n' || regexp_replace(substr(searchable, 2), '..', E'\\&\n', 'g'),
    E'\n'
);

-- In bytes, which are compared faster, and alike by all versions of the system's locales. Of two characters or fewer,
-- their being there is all that is to be known.
CREATE FUNCTION refillspot.says(name text, branch text, categories text[], menu jsonb, query text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN refillspot.search_terms(refillspot.searchable(name, branch, categories, menu)) COLLATE "C"
    @> refillspot.bigrams(query) AND (
    char_length(refillspot.folded(query)) <= 2
    OR strpos(refillspot.searchable(name, branch, categories, menu), refillspot.folded(query)) > 0
);

-- On a sphere of the Earth's mean radius: 0.5 % off at most.
CREATE FUNCTION refillspot.metres_between(lat_1 float8, lon_1 float8, lat_2 float8, lon_2 float8) RETURNS float8
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN 2 * 6371008.8 * asin(sqrt(least(1,
    sind((lat_2 - lat_1) / 2) ^ 2 + cosd(lat_1) * cosd(lat_2) * sind((lon_2 - lon_1) / 2) ^ 2
)));

-- Holds every point of Korea that is as near, and others; x is the longitude. Within 1,000 km a degree is as long as
-- here to 1 %; from farther away everything is held.
CREATE FUNCTION refillspot.box_around(lat float8, lon float8, metres float8) RETURNS box
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT box(point(lon - width, lat - height), point(lon + width, lat + height))
    FROM (SELECT CASE WHEN metres < 1e6 THEN metres / 111195 * 1.01 ELSE 360 END AS height) AS north_to_south,
        LATERAL (SELECT height / greatest(cosd(lat), 0.1) AS width) AS west_to_east
);

CREATE FUNCTION refillspot.lies_within(
    lat float8, lon float8, around_lat float8, around_lon float8, metres float8
) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN point(lon, lat) <@ refillspot.box_around(around_lat, around_lon, metres)
    AND refillspot.metres_between(around_lat, around_lon, lat, lon) <= metres;

-- Of the stores that the view shows: the others, which are most of a crawl, cost nothing.
CREATE INDEX stores_by_text ON refillspot.stores
    USING gin ((refillspot.search_terms(refillspot.searchable(name, branch, categories, menu)) COLLATE "C"))
    WHERE refill_verdict IN ('confirmed', 'likely') AND status = 'operating';
CREATE INDEX stores_by_place ON refillspot.stores USING gist (point(lon, lat))
    WHERE refill_verdict IN ('confirmed', 'likely') AND status = 'operating';
CREATE INDEX stores_by_price ON refillspot.stores (refill_price_krw, site, ref)
    WHERE refill_verdict IN ('confirmed', 'likely') AND status = 'operating';
ALTER INDEX refillspot.stores_by_text ALTER COLUMN 1 SET STATISTICS 0; -- to count them would double the time of ANALYZE

CREATE FUNCTION refillspot.search(query text) RETURNS SETOF refillspot.v_stores
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
AS 'SELECT s.* FROM refillspot.v_stores AS s WHERE refillspot.says(s.name, s.branch, s.categories, s.menu, $1)';

CREATE FUNCTION refillspot.near(lat float8, lon float8, metres float8) RETURNS SETOF refillspot.v_stores
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
AS '
    SELECT s.* FROM refillspot.v_stores AS s WHERE refillspot.lies_within(s.lat, s.lon, $1, $2, $3)
    ORDER BY refillspot.metres_between($1, $2, s.lat, s.lon), s.site, s.ref
';

COMMENT ON FUNCTION refillspot.search IS
    'The stores of v_stores that have this text in name and branch, a category or a line of the menu.';
COMMENT ON FUNCTION refillspot.near IS 'The stores of v_stores within so many metres of a point, the nearest first.';
