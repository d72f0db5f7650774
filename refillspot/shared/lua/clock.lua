-- Put before scripts that go by the time: by that of this server, but by one that never goes back, and that does not leap
-- before the eyes of a process that has watched it. The last two of ARGV are the earliest and the latest that it can be, in
-- microseconds, as far as the caller has watched it by a clock of its own that nobody sets; empty if it has not.
local latest, earliest = tonumber(table.remove(ARGV)), tonumber(table.remove(ARGV))
local NOTED_US = 100000

local function microseconds(written)
  return written and #written <= 17 and string.match(written, '^%-?%d+$') and tonumber(written) or 0
end

-- In microseconds. `key` is a hash that keeps how far this time is ahead of the server's, and when it was last noted.
local function steady_time(key)
  local time = redis.call('TIME')
  local server = time[1] * 1000000 + time[2]
  local kept = redis.pcall('HMGET', key, 'clock_at', 'clock_ahead')
  local at, ahead = microseconds(kept[1]), microseconds(kept[2])
  local now = math.max(math.min(server + ahead, latest or math.huge), earliest or 0, at)
  if not kept.err and redis.call('EXISTS', key) == 1 then
    if now - server ~= ahead then -- a server that is full, or only reads, may refuse
      redis.pcall('HSET', key, 'clock_ahead', string.format('%.0f', now - server))
    end
    if now - at >= NOTED_US then
      redis.pcall('HSET', key, 'clock_at', string.format('%.0f', now))
    end
  end
  return now
end
