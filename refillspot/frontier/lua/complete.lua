#!lua flags=allow-oom
-- Close a crawl with its result. ARGV: result, seconds for which its keys are kept.
-- Where there are dead letters everything stays, so that they can be replayed among what was seen.
redis.call('HSET', CRAWL, 'state', 'complete', 'result', ARGV[1])
if redis.call('EXISTS', DEAD) == 0 then
  local seconds = tonumber(ARGV[2])
  local keys = { SEEN, LANES, WAITING, WORKERS, ATTEMPTS, BATCHES, SILENT, STORED }
  for _, lane in ipairs(lanes()) do
    keys[#keys + 1] = stream(lane)
  end
  redis.call('EXPIRE', CRAWL, math.max(seconds, 3600))
  for _, key in ipairs(keys) do
    redis.call('EXPIRE', key, seconds)
  end
end
return 'complete'
