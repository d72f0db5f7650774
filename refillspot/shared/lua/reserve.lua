-- Lease permits; first come, first served. KEYS: the state, and the line of those who wait: the number of each, by when it
-- is due to ask again. ARGV: permits wanted; in microseconds how far ahead one is given out, the interval from which on they
-- are granted one by one, the least and the longest interval that can be, the longest hold, how long nobody sleeps without
-- need, and how long at all; the caller's number in the line, empty if it has none.
-- Returns the time; then, if there is a state, when it was born and its version, the first moment, when to ask for it again
-- if it is none yet, how many permits (0 = none yet), the interval, the number in the line, and the interval and the hold
-- as they were written where a number was none that can be: the strictest is taken for what is no number.
local STATE, LINE = KEYS[1], KEYS[2]
local now = steady_time(STATE)
local fields = redis.pcall('HMGET', STATE, 'interval', 'hold', 'last', 'state', 'born', 'version', 'wanted', 'served')
if fields.err or not fields[4] then
  return { now }
end
local wanted, ahead, one_by_one = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local late, number = ahead, tonumber(ARGV[9])
local odd

local function between(least, written, most)
  local value = tonumber(written or '')
  if not value or value ~= value then
    value = most
  end
  local nearest = math.min(math.max(value, least), most)
  if tostring(nearest) ~= tostring(tonumber(written or '')) then
    odd = { fields[1] or '', fields[2] or '' }
  end
  return nearest
end

local function whole(value)
  return string.format('%.0f', value)
end

local interval = between(tonumber(ARGV[4]), fields[1], tonumber(ARGV[5]))
local hold = between(0, fields[2], now + ARGV[6])
local last = between(0, fields[3] or 0, now + ARGV[6])
if odd then
  redis.call('HSET', STATE, 'interval', whole(interval), 'hold', whole(hold), 'last', whole(last))
end
if interval >= one_by_one then
  wanted, ahead = 1, math.min(ahead, interval)
end
-- Of what is free each one takes half, so that those who share it come to the same, however far away they are.
local size = math.max(1, math.min(wanted, math.floor(ahead / 2 / interval)))
local at = math.max(now, hold, last + interval)
local all_wanted, served = microseconds(fields[7]), microseconds(fields[8]) -- permits, since the line began

-- Whether somebody who asked before comes in time for this moment, or was to come just now.
local function is_preceded()
  local expected = redis.pcall('ZRANGEBYSCORE', LINE, whole(now - late), whole(at))
  if expected.err then
    redis.call('DEL', LINE)
    return false
  end
  for _, other in ipairs(expected) do
    if not number or (tonumber(other) or 0) < number then
      return true
    end
  end
  return false
end

local preceded = at - now >= ahead or is_preceded()
if preceded then
  if not number then
    if redis.pcall('ZCARD', LINE) == 0 then
      served = all_wanted
    end
    number = all_wanted
    redis.call('HSET', STATE, 'wanted', whole(all_wanted + size), 'served', whole(served))
  end
  local in_line = math.max(0, number - served) * interval -- until those before have theirs
  local longest = math.min(ARGV[7] + in_line / 4, tonumber(ARGV[8]))
  local due = math.max(math.min(at + in_line - ahead / 2, now + longest), now + ahead / 4)
  redis.pcall('ZREMRANGEBYSCORE', LINE, '-inf', whole(now - 2 * ARGV[8]))
  redis.pcall('ZADD', LINE, whole(due), whole(number))
  return { now, fields[5] or '', fields[6] or '0', at + in_line, due, 0, interval, number, odd }
end
-- Rounded up as often as down: now is as good as chance.
local count = math.max(1, math.min(wanted, math.floor((now + ahead - at) / 2 / interval + now % 1000 / 1000)))
redis.call('HSET', STATE, 'last', whole(at + (count - 1) * interval))
if number then
  redis.pcall('ZREM', LINE, whole(number))
  redis.call('HSET', STATE, 'served', whole(math.max(served, number + size)))
end
return { now, fields[5] or '', fields[6] or '0', at, now, count, interval, '', odd }
