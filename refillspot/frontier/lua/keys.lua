-- Put before each script. KEYS[1] is the crawl's prefix; every key of a crawl is <prefix>:<what>. The lanes are
-- streams whose names are known only here, so this needs one Redis, not a cluster.
local base = KEYS[1]
local CRAWL, SEEN, LANES = base .. ':crawl', base .. ':seen', base .. ':lanes'
local WAITING, WORKERS, ATTEMPTS = base .. ':waiting', base .. ':workers', base .. ':attempts'
local BATCHES, DEAD, GROUP = base .. ':batches', base .. ':dead', 'workers'
-- Requests whose stores were committed lately, by when: <writer>:<batch>:<lane>:<payload>.
local STORED = base .. ':stored'
-- Workers whose lease ran out and whose requests others have; one that lives after all is none of them again.
local SILENT = base .. ':silent'

-- Only in scripts that workers run: before those stands shared/lua/clock.lua.
local noted_ms
local function now_ms()
  noted_ms = noted_ms or math.floor(steady_time(CRAWL) / 1000)
  return noted_ms
end

local function stream(lane)
  return base .. ':lane:' .. lane
end

-- 0 for what is not there, and for what is no number: nothing that somebody put there may stop every script.
local function natural(value)
  return value and #value <= 15 and string.match(value, '^%d+$') and tonumber(value) or 0
end

local function increase(key, field, number)
  local sum = redis.pcall('HINCRBY', key, field, number)
  if type(sum) == 'table' then
    redis.call('HSET', key, field, number)
    return number
  end
  return sum
end

local function count(what, number)
  increase(CRAWL, 'count:' .. what, number)
end

-- What the queue of this crawl is called; `offered` where it has no name, or none of ours.
local function queue_id(offered)
  local known = redis.call('HGET', CRAWL, 'queue')
  if known and #known <= 64 and string.match(known, '^%x+$') then
    return known
  end
  redis.call('HSET', CRAWL, 'queue', offered)
  return offered
end

-- In which formats the queue was written: "<format>/<version of refillspot>", separated by spaces.
local function formats()
  return redis.call('HGET', CRAWL, 'formats')
end

-- Let the queue say that it is written in `own`, too.
local function note_format(own)
  local noted = formats() or ''
  if not string.find(' ' .. noted, ' ' .. string.match(own, '^[^/]*') .. '/', 1, true) then
    noted = noted == '' and own or noted .. ' ' .. own
    redis.call('HSET', CRAWL, 'formats', noted)
  end
  return noted
end

local function is_lane(name)
  return string.match(name, '^-?%d%d?%d?%d?$')
end

local function lanes()
  local found = {}
  for _, lane in ipairs(redis.call('ZREVRANGE', LANES, 0, -1)) do
    if is_lane(lane) then
      found[#found + 1] = lane
    end
  end
  return found
end

-- 0 when this Redis knows none.
local function last_batch(worker)
  return natural(redis.call('HGET', BATCHES, worker))
end

-- How many leases each has that has any.
local function leases()
  local found = {}
  for _, lane in ipairs(lanes()) do
    for _, consumer in ipairs(redis.pcall('XPENDING', stream(lane), GROUP)[4] or {}) do
      found[consumer[1]] = (found[consumer[1]] or 0) + tonumber(consumer[2])
    end
  end
  return found
end

-- Where somebody else has made the stream it may have a group, or none, or be no stream at all.
local function open_lane(lane)
  if redis.call('TYPE', stream(lane)).ok ~= 'stream' then
    redis.call('DEL', stream(lane))
  end
  redis.pcall('XGROUP', 'CREATE', stream(lane), GROUP, '0', 'MKSTREAM')
end

local opened = {} -- by this script

local function add(lane, payload)
  if not opened[lane] then
    redis.call('ZADD', LANES, 'NX', lane, lane)
    if redis.call('TYPE', stream(lane)).ok ~= 'stream' then
      open_lane(lane)
    end
    opened[lane] = true
  end
  redis.call('XADD', stream(lane), '*', 'r', payload)
end

local function length(lane)
  local entries = redis.pcall('XLEN', stream(lane))
  return type(entries) == 'number' and entries or 0
end

-- Remove an entry for good; 1 when it was still there.
local function remove(lane, id)
  redis.pcall('XACK', stream(lane), GROUP, id)
  redis.call('HDEL', ATTEMPTS, lane .. '/' .. id)
  local removed = redis.pcall('XDEL', stream(lane), id)
  return type(removed) == 'number' and removed or 0
end

-- A dead letter is a line of JSON that says why, and the request below it.
local function bury(letter)
  local number = natural(redis.call('HGET', CRAWL, 'letters'))
  repeat
    number = number + 1
  until redis.call('HSETNX', DEAD, number, letter) == 1
  redis.call('HSET', CRAWL, 'letters', number)
  count('dead', 1)
end

-- Everything but the dead letters, which nobody forgets by the way.
local function forget()
  local keys = { CRAWL, SEEN, LANES, WAITING, WORKERS, ATTEMPTS, BATCHES, SILENT, STORED, base .. ':heartbeats', base .. ':requests' }
  for _, lane in ipairs(lanes()) do
    keys[#keys + 1] = stream(lane)
  end
  local removed = 0
  for _, key in ipairs(keys) do
    removed = removed + redis.call('UNLINK', key)
  end
  return removed
end

local function attempts_of(lane, id)
  return natural(redis.call('HGET', ATTEMPTS, lane .. '/' .. id))
end
