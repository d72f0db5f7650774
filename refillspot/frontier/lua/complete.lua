#!lua flags=allow-oom
-- Close a crawl with its result. ARGV: worker, result, seconds for which its keys are kept. Returns 1, but 0 to who is not
-- the one to close it: while it was suspended others may have found out that stores are gone, and queued them again.
-- Where there are dead letters everything stays, so that they can be replayed among what was seen.
if redis.call('HEXISTS', CRAWL, 'state') == 1 and redis.call('HGET', CRAWL, 'closer') ~= ARGV[1] then
  return 0
end
redis.call('HSET', CRAWL, 'state', 'complete', 'result', ARGV[2])
if redis.call('EXISTS', DEAD) == 0 then
  local seconds = tonumber(ARGV[3])
  local keys = { SEEN, LANES, WAITING, WORKERS, ATTEMPTS, BATCHES, SILENT, STORED }
  for _, lane in ipairs(lanes()) do
    keys[#keys + 1] = stream(lane)
  end
  redis.call('EXPIRE', CRAWL, math.max(seconds, 3600))
  for _, key in ipairs(keys) do
    redis.call('EXPIRE', key, seconds)
  end
end
return 1
