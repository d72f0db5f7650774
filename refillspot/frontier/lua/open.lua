#!lua
-- Make a crawl known, if it is not. ARGV: worker, 1 = forget first what is queued and seen, unless somebody is at work in it,
-- what its queue is called if it has no name, the format in which this worker writes, all that it can read, " 1.3 1.4 ".
-- Returns the crawl's state, whether somebody was at work in it, the name of its queue, whether nobody knew of the crawl, and
-- the formats of the queue, of which this worker's is one if it can read them all.
local BEFORE = '1.3/' -- of a queue that was written before queues said so
local is_used = redis.call('ZCOUNT', WORKERS, now_ms(), '+inf') > 0
if ARGV[2] == '1' and not is_used then
  forget()
end
local is_new = redis.call('HSETNX', CRAWL, 'state', 'open')
local noted, can_read = formats() or (is_new == 1 and '' or BEFORE), true
for format in string.gmatch(noted, '([%d.]+)/') do
  can_read = can_read and string.find(ARGV[5], ' ' .. format .. ' ', 1, true)
end
if can_read then
  redis.call('HSET', CRAWL, 'formats', noted)
  noted = note_format(ARGV[4])
end
return { redis.call('HGET', CRAWL, 'state'), is_used and 1 or 0, queue_id(ARGV[3]), is_new, noted }
