#!lua
-- Put dead letters back into the queue. ARGV: number, lane and payload of each.
-- Returns the state that the crawl was in and how many were put back; while it is being closed, none.
local state, replayed = redis.call('HGET', CRAWL, 'state') or 'gone', 0
if state == 'closing' or state == 'gone' then
  return { state, 0 }
end
for i = 1, #ARGV, 3 do
  if redis.call('HEXISTS', DEAD, ARGV[i]) == 1 then
    add(ARGV[i + 1], ARGV[i + 2])
    redis.call('HDEL', DEAD, ARGV[i])
    count('dead', -1)
    replayed = replayed + 1
  end
end
if replayed > 0 then
  redis.call('HSET', CRAWL, 'state', 'open')
  redis.call('HDEL', CRAWL, 'result', 'closer')
end
return { state, replayed }
