#!lua flags=allow-oom
-- What was stored lately, to be looked for in PostgreSQL. ARGV: worker, ms within which nobody has to look again, id of the
-- queue, which a server that comes back older may have forgotten. Returns nothing then, or where there is no such crawl,
-- else the queue's id, how many requests were told to be stored, and {writer, first batch, last batch} each.
if redis.call('HEXISTS', CRAWL, 'state') == 0 then
  return {}
end
if now_ms() - natural(redis.call('HGET', CRAWL, 'looked_ms')) < tonumber(ARGV[2]) then
  return {}
end
redis.call('HSET', CRAWL, 'looked_ms', now_ms())
local first, last = {}, {}
for _, member in ipairs(redis.call('ZRANGE', STORED, 0, -1)) do
  local writer, batch = string.match(member, '^([^:]*):(%d+):')
  if writer then
    batch = tonumber(batch)
    first[writer] = math.min(first[writer] or batch, batch)
    last[writer] = math.max(last[writer] or batch, batch)
  end
end
local found = { queue_id(ARGV[3]), natural(redis.call('HGET', CRAWL, 'stored')) }
for writer, batch in pairs(first) do
  found[#found + 1] = { writer, batch, last[writer] }
end
return found
