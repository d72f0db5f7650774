#!lua flags=allow-oom
-- What was stored lately, to be looked for in PostgreSQL. ARGV: worker, ms within which nobody has to look again, id of the
-- queue, which a server that comes back older may have forgotten. Returns nothing then, or where there is no such crawl,
-- else the queue's id, the number of this look and when it was, how many requests were told to be stored, and
-- {writer, batch, batch, …} each.
if redis.call('HEXISTS', CRAWL, 'state') == 0 then
  return {}
end
local within = tonumber(ARGV[2])
if within > 0 and now_ms() - natural(redis.call('HGET', CRAWL, 'looked_ms')) < within then
  return {}
end
redis.call('HSET', CRAWL, 'looked_ms', now_ms())
local look, stored = increase(CRAWL, 'looks', 1), natural(redis.call('HGET', CRAWL, 'stored'))
local found, of, known = { queue_id(ARGV[3]), look, now_ms(), stored }, {}, {}
for _, member in ipairs(redis.call('ZRANGE', STORED, 0, -1)) do
  local writer, batch = string.match(member, '^([^:]*):(%d+):')
  if writer and not known[writer .. ':' .. batch] then
    known[writer .. ':' .. batch] = true
    if not of[writer] then
      of[writer] = { writer }
      found[#found + 1] = of[writer]
    end
    table.insert(of[writer], natural(batch))
  end
end
return found
