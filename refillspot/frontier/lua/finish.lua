#!lua flags=allow-oom
-- Is the crawl complete? The one worker that finds it so first is told 'won' and closes it; if that one dies, another.
-- ARGV: worker. Returns the state, and once it is complete the result. Nobody wins who is not known to live.
local worker = ARGV[1]
local state = redis.call('HGET', CRAWL, 'state')
if not state then
  return { 'gone' }
elseif state == 'complete' then
  return { state, redis.call('HGET', CRAWL, 'result') }
elseif state == 'closing' then
  local closer = redis.call('HGET', CRAWL, 'closer') or ''
  if tonumber(redis.call('ZSCORE', WORKERS, closer) or 0) > now_ms() and closer ~= worker then
    return { state }
  end
else
  if redis.call('HEXISTS', CRAWL, 'seeded') == 0 or redis.call('ZCARD', WAITING) > 0 then
    return { state }
  end
  for _, lane in ipairs(lanes()) do
    if length(lane) > 0 then
      return { state }
    end
  end
end
if not redis.call('ZSCORE', WORKERS, worker) then
  return { state }
end
redis.call('HSET', CRAWL, 'state', 'closing', 'closer', worker)
return { 'won' }
