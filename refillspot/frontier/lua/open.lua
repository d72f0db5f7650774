#!lua
-- Make a crawl known, if it is not. ARGV: worker, 1 = forget first what is queued and seen, unless somebody is at work in it.
-- Returns the crawl's state, and whether somebody was.
local is_used = redis.call('ZCOUNT', WORKERS, now_ms(), '+inf') > 0
if ARGV[2] == '1' and not is_used then
  forget()
end
redis.call('HSETNX', CRAWL, 'state', 'open')
return { redis.call('HGET', CRAWL, 'state'), is_used and 1 or 0 }
