-- Renew all leases of a worker. ARGV: worker, length of the lease in ms, 1 = join.
-- Returns the crawl's state, whether the worker is one of it, how many leases it has, the number of its last batch,
-- whether seeds are in, and whether the crawl is paused.
local worker, lease_ms, join = ARGV[1], ARGV[2], ARGV[3] == '1'
local state = redis.call('HGET', CRAWL, 'state')
if not state then
  return { 'gone', 0, 0, 0, 0, 0 }
end
local known = join or redis.call('ZSCORE', WORKERS, worker)
if known then
  redis.call('ZADD', WORKERS, now_ms() + lease_ms, worker)
  redis.call('SREM', SILENT, worker)
end
local seeded, paused = redis.call('HEXISTS', CRAWL, 'seeded'), redis.call('HEXISTS', CRAWL, 'paused')
return { state, known and 1 or 0, leases_of(worker), last_batch(worker), seeded, paused }
