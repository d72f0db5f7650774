#!lua
-- Make a crawl known, if it is not. ARGV: worker, 1 = forget first what is queued and seen, unless somebody is at work in it,
-- what its queue is called if it has no name. Returns the crawl's state, whether somebody was at work in it, the name of
-- its queue, and whether nobody knew of the crawl.
local is_used = redis.call('ZCOUNT', WORKERS, now_ms(), '+inf') > 0
if ARGV[2] == '1' and not is_used then
  forget()
end
local is_new = redis.call('HSETNX', CRAWL, 'state', 'open')
return { redis.call('HGET', CRAWL, 'state'), is_used and 1 or 0, queue_id(ARGV[3]), is_new }
