#!lua flags=allow-oom
-- Tell what PostgreSQL has of what was stored lately. ARGV: worker, ms after which nobody asks for a commit any more, how
-- many stores are missing in all, then for each writer: its name, the last batch that was looked for, and those of its
-- batches that are there, ",1,2,5,".
-- What is missing is queued again, whatever was seen; a crawl that is being closed is open again. Returns how many
-- requests that were, and how many stores are gone that nobody remembers.
local oldest, missing, there, upto = now_ms() - tonumber(ARGV[2]), tonumber(ARGV[3]), {}, {}
for i = 4, #ARGV, 3 do
  upto[ARGV[i]], there[ARGV[i]] = tonumber(ARGV[i + 1]), ARGV[i + 2]
end
local state, requeued = redis.call('HGET', CRAWL, 'state'), 0
if state ~= 'open' and state ~= 'closing' then
  return { 0, 0 }
end

local members = redis.call('ZRANGE', STORED, 0, -1, 'WITHSCORES')
for i = 1, #members, 2 do
  local writer, batch, lane, payload = string.match(members[i], '^([^:]*):(%d+):([^:]*):(.*)$')
  if not writer or not is_lane(lane) then
    redis.call('ZREM', STORED, members[i])
  elseif upto[writer] and tonumber(batch) <= upto[writer] then
    if not string.find(there[writer], ',' .. batch .. ',', 1, true) then
      add(lane, payload)
      redis.call('ZREM', STORED, members[i])
      count('done', -1)
      requeued = requeued + 1
    elseif tonumber(members[i + 1]) < oldest then
      redis.call('ZREM', STORED, members[i])
    end
  end
end
if requeued > 0 and state == 'closing' then
  redis.call('HSET', CRAWL, 'state', 'open')
  redis.call('HDEL', CRAWL, 'closer')
end
local forgotten = math.max(0, missing - requeued)
if forgotten > 0 then
  count('forgotten', forgotten)
end
if requeued + forgotten > 0 then
  increase(CRAWL, 'stored', -(requeued + forgotten)) -- minus zero is no number for some servers
end
return { requeued, forgotten }
