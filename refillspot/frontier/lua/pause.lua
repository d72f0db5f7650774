#!lua flags=allow-oom
-- Pause a crawl or let it go on. ARGV: 1 or 0. Returns the crawl's state; only an open one can be paused.
local state = redis.call('HGET', CRAWL, 'state') or 'gone'
if state == 'open' and ARGV[1] == '1' then
  redis.call('HSET', CRAWL, 'paused', 1)
elseif state == 'open' then
  redis.call('HDEL', CRAWL, 'paused')
end
return state
