#!lua flags=allow-oom
-- Tell what PostgreSQL lacks of what was stored lately. ARGV: worker, number of the look at what that is, ms since when
-- commits are asked for, how many stores are missing in all, then for each writer of which commits are missing: its name,
-- and these, ",1,2,5,".
-- What is missing is queued again, whatever was seen; a crawl that is being closed is open again, one that has ended is
-- not. Returns how many requests that were, and how many stores are gone that nobody remembers. Who has looked before
-- somebody else did tells nothing new, and would count it twice.
local state, oldest, missing, lacks = redis.call('HGET', CRAWL, 'state'), tonumber(ARGV[3]), tonumber(ARGV[4]), {}
for i = 5, #ARGV, 2 do
  lacks[ARGV[i]] = ARGV[i + 1]
end
if not state or natural(redis.call('HGET', CRAWL, 'looks')) ~= tonumber(ARGV[2]) then
  return { 0, 0 }
end

local lost = 0
local members = redis.call('ZRANGE', STORED, 0, -1, 'WITHSCORES')
for i = 1, #members, 2 do
  local writer, batch, lane, payload = string.match(members[i], '^([^:]*):(%d+):([^:]*):(.*)$')
  local is_known = writer and is_lane(lane)
  local is_lost = is_known and lacks[writer] and string.find(lacks[writer], ',' .. batch .. ',', 1, true)
  if is_lost then
    lost = lost + 1
    if state ~= 'complete' then
      add(lane, payload)
      count('done', -1)
    end
  end
  if is_lost or not is_known or tonumber(members[i + 1]) < oldest then
    redis.call('ZREM', STORED, members[i])
  end
end
local gone, requeued = math.max(missing, lost), state == 'complete' and 0 or lost
if requeued > 0 and state == 'closing' then
  redis.call('HSET', CRAWL, 'state', 'open')
  redis.call('HDEL', CRAWL, 'closer')
end
if gone > requeued then
  count('forgotten', gone - requeued)
end
if gone > 0 then
  increase(CRAWL, 'stored', -gone) -- minus zero is no number for some servers
end
return { requeued, gone - requeued }
