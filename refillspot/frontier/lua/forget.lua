-- Remove the keys of a crawl, each by its own name: a prefix could be that of others. ARGV: 1 = dead letters too.
-- Returns how many there were.
local keys = { CRAWL, SEEN, LANES, WAITING, WORKERS, ATTEMPTS, BATCHES, SILENT, STORED, base .. ':heartbeats', base .. ':requests' }
for _, lane in ipairs(lanes()) do
  keys[#keys + 1] = stream(lane)
end
if ARGV[1] == '1' then
  keys[#keys + 1] = DEAD
end
local removed = 0
for _, key in ipairs(keys) do
  removed = removed + redis.call('UNLINK', key)
end
return removed
