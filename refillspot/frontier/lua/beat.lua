#!lua flags=allow-oom
-- Renew all leases of a worker. ARGV: worker, length of the lease in ms, 1 = join, the format in which it writes.
-- Whoever has leases and is not known, as one that took them after it was given up: their time has run out.
-- Returns the crawl's state, whether the worker is one of it, how many leases it has, the number of its last batch,
-- whether seeds are in, whether the crawl is paused, the time, and the formats of the queue.
local worker, lease_ms, join = ARGV[1], ARGV[2], ARGV[3] == '1'
local state = redis.call('HGET', CRAWL, 'state')
if not state then
  return { 'gone', 0, 0, 0, 0, 0, now_ms(), '' }
end
local known = join or redis.call('ZSCORE', WORKERS, worker)
if known then
  redis.call('ZADD', WORKERS, now_ms() + lease_ms, worker)
  redis.call('SREM', SILENT, worker)
end
local held, members = leases(), {}
for _, member in ipairs(redis.call('ZRANGE', WORKERS, 0, -1)) do
  members[member] = true
end
for holder in pairs(held) do
  if not members[holder] and holder ~= worker then
    redis.call('ZADD', WORKERS, 1, holder)
  end
end
local seeded, paused = redis.call('HEXISTS', CRAWL, 'seeded'), redis.call('HEXISTS', CRAWL, 'paused')
return { state, known and 1 or 0, held[worker] or 0, last_batch(worker), seeded, paused, now_ms(), note_format(ARGV[4]) }
